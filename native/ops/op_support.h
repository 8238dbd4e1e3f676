// What several factories need: checks of shapes and parameters that a step keeps as they are.
#pragma once

#include "../program/weight_store.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

// Records an error unless both views have the same shape.
void expect_same_shape(SpecReader& reader, const char* a_name, const ViewSpec& a, const char* b_name, const ViewSpec& b);

// Records an error unless the batch and the channels of both views are equal.
void expect_same_batch_and_channels(SpecReader& reader, const ViewSpec& input, const ViewSpec& output);

// Copies a parameter to the weight store, unless it is there.
Status keep_parameter(const BuildContext& context, const ParameterSpec& parameter, WeightStore::Packed& kept);

}  // namespace im2col
