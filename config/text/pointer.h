// JSON pointers (RFC 6901), built one step at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchyard::config {

std::string pointer_to(std::string_view parent, std::string_view key);
std::string pointer_to(std::string_view parent, std::size_t index);
// True when one is the other or lies above it.
bool on_one_line(std::string_view a, std::string_view b);

}  // namespace switchyard::config
