#include "control/cli/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "control/cli/fold.h"

namespace switchyard::control::cli {
namespace {

constexpr const char* kHome = "\x1b[H";
constexpr const char* kClearRest = "\x1b[J";
constexpr const char* kClearLine = "\x1b[K";
constexpr const char* kClearAll = "\x1b[2J";

struct Size {
    std::size_t rows = 24, columns = 80;  // what a terminal that does not say is taken for
};

Size size_now() {
    winsize told{};
    Size out;
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &told) != 0) return out;
    if (told.ws_row > 1) out.rows = told.ws_row;
    if (told.ws_col > 1) out.columns = told.ws_col;
    return out;
}

}  // namespace

bool Screen::on_terminal() {
    return ::isatty(STDOUT_FILENO) == 1;
}

std::size_t Screen::columns() {
    return size_now().columns;
}

void Screen::draw(const std::vector<std::string>& said) {
    const auto size = size_now();
    std::vector<std::string> lines;
    for (const auto& line : said)
        for (auto& part : folded(line, size.columns)) lines.push_back(std::move(part));
    std::string out = cleared_ ? kHome : std::string(kClearAll) + kHome;
    cleared_ = true;
    // The last row stays free: a line's end there would scroll.
    const bool cut = lines.size() > size.rows - 1;
    const std::size_t shown = cut ? size.rows - 2 : lines.size();
    for (std::size_t i = 0; i < shown; ++i) {
        out += lines[i];
        out += kClearLine;
        out += '\n';
    }
    if (cut) out += fmt::format("… {} more lines{}\n", lines.size() - shown, kClearLine);
    fmt::print("{}{}", out, kClearRest);
    std::fflush(stdout);
}

}  // namespace switchyard::control::cli
