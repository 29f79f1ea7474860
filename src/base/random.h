// Random numbers that do not depend on threads: a stream is named by (seed, stream number), so the work on
// customer 17 draws the same numbers whoever does it. xoshiro256++ (Blackman and Vigna, 2019), seeded by
// SplitMix64 (Steele, Lea and Flood, 2014). Distributions come from Boost.Random.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace danggol {

__extension__ typedef unsigned __int128 wide;

constexpr uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// A number that belongs to an id and a seed: the same whoever else there is, and in whatever order they came.
constexpr uint64_t draw_of(std::string_view id, uint64_t seed) {
  uint64_t key = mix(seed);
  for (char c : id) key = mix(key ^ static_cast<unsigned char>(c));
  return key;
}

class Random {
 public:
  using result_type = uint64_t;
  explicit Random(uint64_t seed, uint64_t stream = 0) {
    uint64_t key = mix(mix(seed) ^ stream);
    for (auto& word : state_) word = key = mix(key);
  }
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~uint64_t{0}; }
  result_type operator()() {
    uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0], t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  double uniform() { return unit((*this)()); }
  static constexpr double unit(uint64_t bits) {
    return static_cast<double>(bits >> 11) * 0x1.0p-53;
  }                             // [0, 1)
  uint64_t below(uint64_t n) {  // uniform on 0..n-1 (Lemire, 2019; the bias is below 2^-64 n)
    return static_cast<uint64_t>((static_cast<wide>((*this)()) * n) >> 64);
  }

 private:
  static constexpr uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::array<uint64_t, 4> state_;
};

}  // namespace danggol
