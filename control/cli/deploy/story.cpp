#include "control/cli/deploy/story.h"

#include <fmt/format.h>

#include <cstdio>

#include "control/cli/safe_text.h"
#include "control/cli/screen.h"

namespace switchyard::control::cli::deploy {

namespace {
constexpr const char* kRewrite = "\r\x1b[K";
}

Story::Story(bool silent) : silent_(silent), terminal_(!silent && Screen::on_terminal()) {}

void Story::make_room() {
    if (!open_) return;
    fmt::print("{}", kRewrite);
    std::fflush(stdout);
    open_ = false;
}

void Story::say(const std::string& line) {
    if (silent_) return;
    make_room();
    fmt::print("{}\n", safe_text(line));
    std::fflush(stdout);
}

void Story::now(const std::string& step, const std::string& text) {
    if (step != step_) step_ = step, since_ = std::chrono::steady_clock::now();
    if (!terminal_) return;
    // One row: a longer one could not be rewritten.
    constexpr std::size_t kColumns = 79;
    std::string line = safe_text(fmt::format("  {:<15}{}", step, text));
    if (line.size() > kColumns) line.resize(kColumns);
    fmt::print("{}{}", kRewrite, line);
    std::fflush(stdout);
    open_ = true;
}

void Story::settled(const std::string& step, const std::string& text) {
    if (silent_) return;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since_;
    const bool counts = step == step_ && took.count() >= 1;
    step_.clear();
    say(fmt::format("  {:<15}{}{}", step, text, counts ? fmt::format(" ({:.0f} s)", took.count()) : ""));
}

}  // namespace switchyard::control::cli::deploy
