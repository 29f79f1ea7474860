// XXH3-128 in hex: to know content again, not to resist an attacker.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace danggol {

std::string digest(std::string_view bytes);

// The same of bytes that come one after the other.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  void add(std::string_view bytes);
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace danggol
