// What it costs control to make a snapshot anew for a roll: an upstream of so many discovered endpoints, exchanged for
// others as a whole, and with one of them changed. On one thread, nothing else beside it: the figure is control's time
// for a roll.
//
//   roll_of_a_thousand [ENDPOINTS [TURNS]]      1000 and 60
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"
#include "proxy/snapshot/snapshot.h"

using namespace switchyard;

namespace {

std::vector<config::Endpoint> block(unsigned number, unsigned count) {
    std::vector<config::Endpoint> out(count);
    for (unsigned i = 0; i < count; ++i)
        out[i].address = *config::Address::parse(fmt::format("10.{}.{}.{}:80", number % 256, i / 250, i % 250 + 1));
    return out;
}

void print(const char* what, std::vector<double>& ms) {
    std::ranges::sort(ms);
    fmt::print("{:<24} least {:.2f}, median {:.2f}, most {:.2f} ms of {}\n", what, ms.front(), ms[ms.size() / 2],
               ms.back(), ms.size());
}

}  // namespace

int main(int argc, char** argv) {
    const auto count = static_cast<unsigned>(argc > 1 ? std::atoi(argv[1]) : 1000);
    const auto turns = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 60);
    auto parsed = config::parse(
        std::string_view(R"({"upstreams": {"green": {"endpoints": [], "discover": {"file": {"path": "/a"}}}},
        "routes": [{"name": "app", "split": {"green": 1}}]})"));
    Registry registry(2);
    auto snapshot = compile(std::make_shared<const config::Model>(std::move(*parsed.model)), 1, registry).snapshot;
    if (count == 0 || turns == 0 || !snapshot) return 2;
    KnownAddresses known;
    std::vector<double> whole, one;
    const auto make = [&](std::vector<double>& ms) {
        ++known.version;
        const auto begun = std::chrono::steady_clock::now();
        auto next = with_addresses(*snapshot, registry, known);
        ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
        snapshot = std::move(next);
        registry.release(std::chrono::steady_clock::now());
    };
    for (unsigned turn = 0; turn < turns; ++turn) {
        known.discovered["green"] = block(turn, count);
        make(whole);
        known.discovered["green"][turn % count].weight = 2;
        make(one);
    }
    print("all of them exchanged", whole);
    print("one of them changed", one);
    return 0;
}
