// yardbench: a load harness whose numbers can be trusted. See docs/bench.md.
#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/yardbench/verbs/verbs.h"
#include "proxy/base/open_files.h"

int main(int argc, char** argv) {
    CLI::App program{"yardbench: load, latency that is true, and switches under load"};
    program.require_subcommand(1);
    switchyard::raise_open_files();  // thousands of connections are its trade
    int exit_code = 0;
    yardbench::add_load(program, exit_code);
    yardbench::add_endpoint(program, exit_code);
    yardbench::add_switch(program, exit_code);
    yardbench::add_scenario(program, exit_code);
    yardbench::add_rehearse(program, exit_code);
    yardbench::add_faults(program, exit_code);
    yardbench::add_capacity(program, exit_code);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? 0 : 2;
    } catch (const std::invalid_argument& error) {
        std::cerr << "yardbench: " << error.what() << '\n';
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "yardbench: " << error.what() << '\n';
        return 1;
    }
    return exit_code;
}
