// fish's completion script, made from the verbs and options there are.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace switchyard::control::cli {

// " add remove" of "TEXT:{add,remove}"; empty where any text will do.
std::string choices(const std::string& type);

std::string fish_completion(const CLI::App& app);

}  // namespace switchyard::control::cli
