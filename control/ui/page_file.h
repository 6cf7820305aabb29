// The dashboard's files, as they are under page/, by name.
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

namespace switchyard::control {

struct PageFile {
    std::string_view type;  // Content-Type
    std::string_view text;
};

// `name` as in the address behind /ui/; empty: the page itself.
std::optional<PageFile> page_file(std::string_view name);

}  // namespace switchyard::control
