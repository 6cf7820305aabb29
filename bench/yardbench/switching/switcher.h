// How a proxy is told to send its traffic elsewhere. What counts as its answer is what an operator would wait for.
//
// Threads: one. Errors: a switch that was not done is ok = false with the proxy's own words in `detail`.
#pragma once

#include <memory>
#include <string>

#include "bench/yardbench/engine/clock.h"
#include "bench/yardbench/engine/url.h"

namespace yardbench {

// Instead of a colour: the change leaves traffic on several (a split), so that only the generation tells old from new.
inline constexpr const char* kAnyColour = "*";

struct SwitchAnswer {
    std::string to;  // a colour, or kAnyColour
    Nanos asked = 0;
    Nanos answered = 0;
    std::uint64_t generation = 0;  // 0: the proxy has no such thing
    bool ok = false;
    std::string detail;
};

class Switcher {
  public:
    virtual ~Switcher() = default;
    virtual SwitchAnswer to(const std::string& colour) = 0;
};

// POST /v1/routes/{route}/switch of Switchyard's admin API; answered when the 200 receipt has been read.
std::unique_ptr<Switcher> admin_switcher(const Url& admin, const std::string& route, const std::string& token);
// A shell command in which {to} stands for the colour; answered when it has ended with exit code 0.
std::unique_ptr<Switcher> command_switcher(const std::string& command);
// A line for HAProxy's runtime socket in which {to} stands for the colour; answered when the socket has been read to
// its end.
std::unique_ptr<Switcher> socket_switcher(const std::string& path, const std::string& line);

// Replaces every {to}.
std::string with_colour(const std::string& text, const std::string& colour);

}  // namespace yardbench
