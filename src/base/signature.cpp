#include "base/signature.h"

#include <sodium.h>

#include "base/assert.h"

namespace danggol {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hex(const unsigned char* bytes, size_t count) {
  std::string text(2 * count + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes, count);
  text.pop_back();
  return text;
}

// Any call may be the first.
void start() { DANGGOL_ASSERT(sodium_init() >= 0); }

}  // namespace

std::string random_key() {
  start();
  unsigned char key[key_digits / 2];
  randombytes_buf(key, sizeof key);
  return hex(key, sizeof key);
}

std::string sign(std::string_view key, std::string_view bytes) {
  start();
  crypto_auth_hmacsha256_state state;
  unsigned char mac[crypto_auth_hmacsha256_BYTES];
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(bytes), bytes.size());
  crypto_auth_hmacsha256_final(&state, mac);
  sodium_memzero(&state, sizeof state);
  return hex(mac, sizeof mac);
}

bool is_signed(std::string_view key, std::string_view bytes, std::string_view signature) {
  std::string expected = sign(key, bytes);
  return signature.size() == expected.size() &&
         sodium_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

}  // namespace danggol
