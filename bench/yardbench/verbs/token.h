// The admin token: given, in a file, or in the environment variable SWITCHYARD_TOKEN, in this order.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace yardbench {

struct TokenFlags {
    std::string token;
    std::string file;

    void add_to(CLI::App& verb);
    // Throws std::invalid_argument when there is none or the file cannot be read.
    std::string read() const;
};

}  // namespace yardbench
