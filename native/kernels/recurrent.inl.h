// One step of a recurrent cell over `size` units; the gates lie one behind the other, each `size` wide.
//
//   lstm_cell_f32: i, f, o = sigmoid, g = tanh of x_gates + h_gates in the order i, f, g, o;
//                  c = f * c_previous + i * g,  h = o * tanh(c)
//   gru_cell_f32:  r, z = sigmoid of x_gates + h_gates in the order r, z, n;  n = tanh(x_n + r * h_n);
//                  h = (1 - z) * n + z * h_previous
//
// Layouts: see RecurrentCell; any alignment; h and c may be those before themselves.
#pragma once

IM2COL_INLINE V recurrent_gate(const RecurrentCell& cell, int64_t gate, int64_t i, int n) {
  const int64_t at = gate * cell.size + i;
  return Add(LoadN(cell.x_gates + at, n), LoadN(cell.h_gates + at, n));
}

void lstm_cell_f32(const RecurrentCell& cell) {
  for (int64_t i = 0; i < cell.size; i += kLanes) {
    const int n = cell.size - i < kLanes ? static_cast<int>(cell.size - i) : kLanes;
    const V input = Sigmoid(recurrent_gate(cell, 0, i, n)), forget = Sigmoid(recurrent_gate(cell, 1, i, n));
    const V proposed = Tanh(recurrent_gate(cell, 2, i, n)), output = Sigmoid(recurrent_gate(cell, 3, i, n));
    const V c = MulAdd(forget, LoadN(cell.c_previous + i, n), Mul(input, proposed));
    StoreN(c, cell.c + i, n);
    StoreN(Mul(output, Tanh(c)), cell.h + i, n);
  }
}

void gru_cell_f32(const RecurrentCell& cell) {
  for (int64_t i = 0; i < cell.size; i += kLanes) {
    const int n = cell.size - i < kLanes ? static_cast<int>(cell.size - i) : kLanes;
    const V reset = Sigmoid(recurrent_gate(cell, 0, i, n)), keep = Sigmoid(recurrent_gate(cell, 1, i, n));
    const int64_t at = 2 * cell.size + i;
    const V proposed = Tanh(MulAdd(reset, LoadN(cell.h_gates + at, n), LoadN(cell.x_gates + at, n)));
    const V h = MulAdd(keep, LoadN(cell.h_previous + i, n), Mul(Sub(Set(1.0f), keep), proposed));
    StoreN(h, cell.h + i, n);
  }
}
