#include "view_geometry.h"

#include <algorithm>

namespace im2col {
namespace {

// a * b, or -1 when it exceeds `limit`. Both and the limit are not negative.
int64_t multiply_up_to(int64_t a, int64_t b, int64_t limit) { return b != 0 && a > limit / b ? -1 : a * b; }

std::string text(int64_t value) { return std::to_string(value); }

// Distance from the view's offset to its first cell and past its last cell, halo included.
struct Extent {
  int64_t before = 0;
  int64_t after = 0;
};

// Of n, d, h, w: halo cells before and after.
int64_t halo_before(const ViewSpec& view, int axis) { return axis == 0 ? 0 : view.halo[2 * (axis - 1)]; }
int64_t halo_after(const ViewSpec& view, int axis) { return axis == 0 ? 0 : view.halo[2 * (axis - 1) + 1]; }

Extent extent_of(const ViewSpec& view) {
  Extent extent{0, view.shape[4]};
  for (int axis = 0; axis < 4; ++axis) {
    extent.before += halo_before(view, axis) * view.strides[axis];
    extent.after += (view.shape[axis] - 1 + halo_after(view, axis)) * view.strides[axis];
  }
  return extent;
}

}  // namespace

std::string view_problem(const ViewSpec& view, int64_t arena_size) {
  static const char* const kAxes[] = {"n", "d", "h", "w", "c"};
  for (int axis = 0; axis < 5; ++axis) {
    if (view.shape[axis] < 1 || view.shape[axis] > arena_size) {
      return std::string("size of ") + kAxes[axis] + " must be from 1 to the arena's " + text(arena_size) + " but is " +
             text(view.shape[axis]);
    }
  }
  for (const int64_t cells : view.halo) {
    if (cells < 0 || cells > arena_size) return "halo must be from 0 to the arena's size but has " + text(cells);
  }

  // From w outwards, what lies inside one step of an axis must end before the next step begins. Neighbouring rows may
  // share halo cells, since all of them are zero.
  int64_t inner = view.shape[4];
  for (int axis = 3; axis >= 0; --axis) {
    const int64_t stride = view.strides[axis];
    if (stride < inner || stride > arena_size) {
      return std::string("stride of ") + kAxes[axis] + " must be from " + text(inner) + " (what one step of " +
             kAxes[axis] + " covers) to the arena's " + text(arena_size) + " but is " + text(stride);
    }
    inner = multiply_up_to(stride, view.shape[axis] + std::max(halo_before(view, axis), halo_after(view, axis)),
                           2 * arena_size);
    if (inner < 0) return std::string("what ") + kAxes[axis] + " covers is larger than the arena's " + text(arena_size);
  }

  const Extent extent = extent_of(view);
  if (view.offset < extent.before || view.offset > arena_size || view.offset + extent.after > arena_size) {
    return "offset " + text(view.offset) + " with " + text(extent.before) + " elements before and " +
           text(extent.after) + " from there on lies outside of the arena's " + text(arena_size);
  }
  return {};
}

bool views_overlap(const ViewSpec& a, const ViewSpec& b) {
  const Extent of_a = extent_of(a);
  const Extent of_b = extent_of(b);
  if (a.offset + of_a.after <= b.offset - of_b.before || b.offset + of_b.after <= a.offset - of_a.before) return false;

  // Pixels of both lie on one grid of pitch w: they are apart when their channels are, within the pitch.
  const int64_t pitch = a.strides[3];
  const auto on_grid = [pitch](const ViewSpec& view) {
    return std::all_of(view.strides.begin(), view.strides.end(), [pitch](int64_t s) { return s % pitch == 0; });
  };
  if (b.strides[3] != pitch || !on_grid(a) || !on_grid(b)) return true;
  const int64_t b_behind_a = ((b.offset - a.offset) % pitch + pitch) % pitch;
  return b_behind_a < a.shape[4] || b_behind_a + b.shape[4] > pitch;
}

bool same_elements(const ViewSpec& a, const ViewSpec& b) {
  return a.offset == b.offset && a.shape == b.shape && a.strides == b.strides;
}

}  // namespace im2col
