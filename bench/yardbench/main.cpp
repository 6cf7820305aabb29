// yardbench: a load harness whose numbers can be trusted. See docs/bench.md.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/yardbench/verbs/verbs.h"

namespace {

// A shell allows 1,024; thousands of connections are the trade here.
void raise_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App program{"yardbench: load, latency that is true, and switches under load"};
    program.name("yardbench");  // not the path it was called by
    program.require_subcommand(1);
    raise_open_files();
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
