// Nanoseconds per step of the load engine that is done for every request: what one core's requests per second are
// made of, apart from the kernel's share.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "bench/yardbench/engine/histogram.h"
#include "bench/yardbench/engine/response_reader.h"

namespace {

using namespace yardbench;

constexpr int kRounds = 7;
constexpr int kPerRound = 1'000'000;

// The median round: one pause of the machine must not decide.
template <typename Step>
void measure(const char* what, Step step) {
    std::array<double, kRounds> rounds{};
    for (double& round : rounds) {
        const Nanos begin = now();
        for (int i = 0; i < kPerRound; ++i) step(i);
        round = static_cast<double>(now() - begin) / kPerRound;
    }
    std::sort(rounds.begin(), rounds.end());
    fmt::print("{:<48}{:>8.1f} ns  ({:.1f}–{:.1f})\n", what, rounds[kRounds / 2], rounds.front(), rounds.back());
}

std::uint64_t read_one(ResponseReader& reader, const std::string& response) {
    reader.begin(false, false);
    std::size_t used = 0;
    reader.feed(response, used);
    return used;
}

}  // namespace

int main() {
    std::uint64_t sink = 0;
    const Wanted wanted{"X-Forum-Colour", Colours({"blue", "green"})};
    ResponseReader reader(&wanted);
    const std::string plain =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 128\r\n\r\n" + std::string(128, 'x');
    const std::string full =
        "HTTP/1.1 200 OK\r\nServer: forum\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nContent-Type: application/json\r\n"
        "X-Forum-Version: v2\r\nX-Forum-Colour: green\r\nX-Request-Id: 0123456789abcdef\r\nETag: \"17\"\r\n"
        "X-Switchyard: generation=43; route=forum; upstream=green; endpoint=127.0.0.1:9002\r\nContent-Length: "
        "512\r\n\r\n" +
        std::string(512, 'x');
    measure("read the clock", [&](int) { sink += static_cast<std::uint64_t>(now() & 1); });
    measure("read a response of two headers", [&](int) { sink += read_one(reader, plain); });
    measure("read a response of nine headers, with generation", [&](int) { sink += read_one(reader, full); });
    Histogram histogram;
    measure("record a latency", [&](int i) { histogram.record(50'000 + i % 4096 * 97); });
    fmt::print("(checksum {})\n", sink + histogram.total());
    return 0;
}
