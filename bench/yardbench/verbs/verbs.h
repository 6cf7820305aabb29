// The verbs of the command line: each adds itself to the program and sets the exit code when it has run.
// Exit codes: 0 done and everything expected held; 1 something did not; 2 usage.
#pragma once

#include <CLI/CLI.hpp>

namespace yardbench {

void add_load(CLI::App& program, int& exit_code);
void add_endpoint(CLI::App& program, int& exit_code);
void add_switch(CLI::App& program, int& exit_code);
void add_scenario(CLI::App& program, int& exit_code);
void add_rehearse(CLI::App& program, int& exit_code);
void add_faults(CLI::App& program, int& exit_code);
void add_capacity(CLI::App& program, int& exit_code);

}  // namespace yardbench
