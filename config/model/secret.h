// A value of the configuration that is never shown.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace switchyard::config {

// A value that is never shown: written here, or only the name of where it stands. A name is all that is stored of it
// and shown; it is followed whenever a generation is compiled.
struct Secret {
    enum class From : std::uint8_t { here, env, file };
    From from = From::here;
    std::string text;  // the value; or the name of the variable, or the path of the file
    Secret() = default;
    Secret(std::string value) : text(std::move(value)) {}
    Secret(const char* value) : text(value) {}
    Secret(From where, std::string name) : from(where), text(std::move(name)) {}
    bool empty() const { return text.empty(); }
    bool operator==(const Secret&) const = default;
};

}  // namespace switchyard::config
