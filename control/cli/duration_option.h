// What options that take a time accept: checked before anything is done, so that a forgotten unit moves no traffic.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "config/text/duration.h"

namespace switchyard::control::cli {

inline CLI::Validator duration_option() {
    return {[](std::string& text) -> std::string {
                std::string why;
                if (config::parse_duration(text, &why)) return {};
                if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos)
                    return fmt::format("{} has no unit: write {}s; nothing was done", text, text);
                return fmt::format("{}, found \"{}\"; nothing was done", why, text);
            },
            "TIME"};
}

}  // namespace switchyard::control::cli
