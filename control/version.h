// The version of the program, as CMake's project() has it.
#pragma once

#ifndef SWITCHYARD_VERSION
#error "SWITCHYARD_VERSION is set by control/CMakeLists.txt"
#endif

namespace switchyard::control {

inline constexpr const char* kVersion = SWITCHYARD_VERSION;

}  // namespace switchyard::control
