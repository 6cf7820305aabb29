// What a slip on the command line is told: what is wrong, what was probably meant, and how the verb is called.
//
// Pure but for standard error. Nothing has been done when one is told.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace switchyard::control::cli {

// Of what CLI11 refused; help and version are printed as they are. The exit code.
int tell_slip(const CLI::App& app, const CLI::ParseError& error);

// A value that a script has lost on the way – an empty one, a negative count – and what to do; empty: none.
// `--if-generation "$UNSET"` must not become a change without a precondition.
std::string lost_value(const CLI::App& app);
// Prints it with the call of the verb; the exit code.
int tell_usage(const CLI::App& app, const std::string& what);

}  // namespace switchyard::control::cli
