// HMAC-SHA-256 (RFC 2104, FIPS 180-4) in hex, by libsodium: who does not know the key cannot sign.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace danggol {

inline constexpr size_t key_digits = 64;

std::string random_key();  // 32 bytes of the system's random numbers, in hex, too
std::string sign(std::string_view key, std::string_view bytes);
// Takes the same time wherever the signature differs.
bool is_signed(std::string_view key, std::string_view bytes, std::string_view signature);

}  // namespace danggol
