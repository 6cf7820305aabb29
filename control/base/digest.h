// SHA-256 in hex and in base64, secrets compared without telling how far they agree, and random tokens.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::control {

std::string sha256_hex(std::string_view bytes);
std::string sha256_base64(std::string_view bytes);

// Takes as long for a wrong first byte as for a wrong last one.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// `bytes` random bytes from the kernel, in hex. Throws std::runtime_error when the kernel has none to give.
std::string random_hex(unsigned bytes);

}  // namespace switchyard::control
