// What goes wrong when, during a run: parsed from lines such as
//   "2s app delay 200ms"   "4s app pass"   "5s app cut"   "6s pid 1234 kill"   "7s pid 1234 freeze"   "9s pid 1234
//   resume"
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/yardbench/faults/gate.h"

namespace yardbench {

struct Fault {
    Nanos at = 0;      // after the begin of the measured part
    std::string text;  // as written, without the time
    std::string gate;  // empty: a process
    Gate::Mode mode;
    bool cut = false;
    int pid = 0;
    int signal = 0;
};

// Sorted by time. Throws std::invalid_argument that names the line.
std::vector<Fault> parse_faults(const std::vector<std::string>& lines);

using Gates = std::map<std::string, std::unique_ptr<Gate>>;
// Returns why it could not be done; empty when it was.
std::string apply(const Fault& fault, const Gates& gates);

}  // namespace yardbench
