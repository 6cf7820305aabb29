#include "bench/yardbench/faults/schedule.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "bench/yardbench/report/duration.h"

namespace yardbench {
namespace {

constexpr const char* kKnown =
    "; write \"2s GATE pass|delay 200ms|trickle 1000|freeze|swallow|refuse|cut\" or \"2s pid 1234 kill|freeze|resume\"";

Fault read_fault(const std::string& line) {
    std::istringstream in(line);
    std::string at, who, what, value, more;
    in >> at >> who;
    Fault fault;
    fault.at = parse_duration(at);
    fault.text = line.substr(std::min(line.size(), at.size() + 1));
    const auto wrong = [&]() -> Fault { throw std::invalid_argument("'" + line + "' is no fault" + kKnown); };
    if (who == "pid") {
        in >> fault.pid >> what;
        fault.signal = what == "kill" ? SIGKILL : what == "freeze" ? SIGSTOP : what == "resume" ? SIGCONT : 0;
        if (fault.pid <= 1 || fault.signal == 0 || in >> more) return wrong();
        return fault;
    }
    fault.gate = who;
    in >> what;
    if (what == "delay" || what == "trickle") in >> value;
    if (in >> more) return wrong();
    using Kind = Gate::Mode::Kind;
    if (what == "delay") {
        fault.mode = {Kind::delay, parse_duration(value), 0};
    } else if (what == "trickle") {
        fault.mode = {Kind::trickle, 0, std::strtoul(value.c_str(), nullptr, 10)};
        if (fault.mode.bytes_per_second == 0) return wrong();
    } else if (what == "pass" || what == "freeze" || what == "swallow" || what == "refuse") {
        fault.mode.kind = what == "pass"     ? Kind::pass
                          : what == "freeze" ? Kind::freeze
                          : what == "refuse" ? Kind::refuse
                                             : Kind::swallow;
    } else if (what == "cut") {
        fault.cut = true;
    } else {
        return wrong();
    }
    return fault;
}

}  // namespace

std::vector<Fault> parse_faults(const std::vector<std::string>& lines) {
    std::vector<Fault> faults;
    for (const std::string& line : lines) faults.push_back(read_fault(line));
    std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return a.at < b.at; });
    return faults;
}

std::string apply(const Fault& fault, const Gates& gates) {
    if (fault.gate.empty()) return ::kill(fault.pid, fault.signal) == 0 ? "" : fault.text + ": " + std::strerror(errno);
    const auto found = gates.find(fault.gate);
    if (found == gates.end()) return fault.text + ": there is no gate '" + fault.gate + "'";
    if (fault.cut)
        found->second->cut();
    else
        found->second->set(fault.mode);
    return "";
}

}  // namespace yardbench
