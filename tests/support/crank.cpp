#include "tests/support/crank.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"

namespace switchyard::test {
namespace {

constexpr std::chrono::seconds kTurnDeadline{20};
constexpr std::int64_t kStartMs = 1'000'000;  // any time but 0

std::shared_ptr<const config::Model> read_config(const std::string& text) {
    auto parsed = config::parse(text);
    if (!parsed.model) {
        std::string why = "the test's configuration is refused:";
        for (const auto& error : parsed.errors) why += "\n  " + error.pointer + ": " + error.detail;
        throw std::runtime_error(why + "\n" + text);
    }
    return std::make_shared<const config::Model>(std::move(*parsed.model));
}

std::shared_ptr<const Snapshot> compiled(std::shared_ptr<const config::Model> model, std::uint64_t generation,
                                         Registry& registry) {
    auto result = compile(std::move(model), generation, registry);
    if (!result.snapshot) throw std::runtime_error("compile: " + result.errors.at(0).detail);
    for (const auto& upstream : result.snapshot->upstreams)
        for (const auto& endpoint : upstream->endpoints) endpoint.state->set(upstream::EndpointState::up, true);
    return result.snapshot;
}

}  // namespace

Crank::Crank(const std::string& config)
    : registry(1),
      core(0, 42,
           {.adopted = [this](std::uint64_t generation, const auto&) { adopted.push_back(generation); },
            .retired = [this](const auto& snapshot, bool) { retired.push_back(snapshot->generation); },
            .suspect = [this](upstream::Suspect suspect) { suspects.push_back(suspect); }}),
      context(core.context()) {
    context.refresh_clock();  // for the date; the steady clock is ours
    context.now_ms = kStartMs;
    context.now_us = kStartMs * 1000;
    context.wheel->start(context.now_ms);
    // Files are read when a test says so, on its own thread.
    registry.begin_with(files);
    context.door = std::make_shared<files::WorkerDoor>([](const std::function<void()>& piece) { piece(); });
    publish(config);
}

std::uint64_t Crank::publish(const std::string& config) {
    return publish(read_config(config));
}

std::uint64_t Crank::publish(std::shared_ptr<const config::Model> model) {
    const auto snapshot = compiled(std::move(model), ++generation_, registry);
    registry.published(*snapshot);
    core.adopt(snapshot);
    return generation_;
}

Wire Crank::client(std::string_view address) {
    Wire out = Wire::connect(entrance_.port());
    int accepted = -1;
    until("the kernel to connect a client", [&] { return (accepted = entrance_.accept().release()) >= 0; });
    core.serve(std::make_unique<serve::Session>(context, context.listeners.at(0), route::ClientAddress::parse(address)),
               net::Descriptor(accepted));
    turn();
    return out;
}

std::uint16_t Crank::port(std::size_t listener) const {
    return context.listeners.at(listener).plan().sockets->bound().port;
}

void Crank::turn() {
    while (core.turn()) {
    }
}

void Crank::until(const char* what, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kTurnDeadline;
    for (;;) {
        turn();
        if (condition()) return;
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error(std::string("waited in vain for ") + what);
    }
}

void Crank::pass(std::int64_t milliseconds) {
    const std::int64_t end = context.now_ms + milliseconds;
    while (context.now_ms < end) {
        context.now_ms = std::min(end, context.now_ms + net::Wheel::kTick);
        context.now_us = context.now_ms * 1000;
        core.tick();
        context.tend_pools();  // a test need not know when the next sweep is due
        turn();
    }
}

void Crank::send(Wire& wire, std::string_view bytes) {
    until("the proxy to take what is sent", [&] {
        bytes.remove_prefix(wire.write(bytes));
        return bytes.empty() || wire.cut;
    });
    turn();
}

const std::string& Crank::see(Wire& wire, std::string_view text) {
    const auto seen = [&] {
        wire.read();
        return wire.seen.find(text) != wire.seen.npos;
    };
    const auto end = std::chrono::steady_clock::now() + kTurnDeadline;
    while (turn(), !seen()) {
        if (wire.ended || wire.cut || std::chrono::steady_clock::now() > end)
            throw std::runtime_error("waited in vain for \"" + std::string(text) + "\"; seen: " + wire.seen);
    }
    return wire.seen;
}

const std::string& Crank::see_end(Wire& wire) {
    until("the end of a connection", [&] {
        wire.read();
        return wire.ended || wire.cut;
    });
    return wire.seen;
}

Wire Crank::accept(ListeningWire& listening) {
    Wire out;
    until("a connection to the endpoint", [&] {
        out = listening.accept();
        return out.is_open();
    });
    return out;
}

void Crank::end_lanes() {
    constexpr std::int64_t kGraceMs = 60'000;
    core.begin_drain(kGraceMs);
    turn();
}

WorkerReport Crank::report() {
    return core.report(context.under_way.wanted);
}

std::string one_route(const std::vector<std::uint16_t>& ports, const std::string& route_extra,
                      const std::string& upstream_extra, const std::string& listener_extra) {
    std::string endpoints;
    for (auto port : ports)
        endpoints += (endpoints.empty() ? "" : ", ") + ("{\"address\": \"127.0.0.1:" + std::to_string(port) + "\"}");
    auto extra = [](const std::string& text) { return text.empty() ? text : ", " + text; };
    return R"({"listeners": [{"name": "web", "bind": "127.0.0.1:0")" + extra(listener_extra) +
           R"(}], "upstreams": {"app": {"endpoints": [)" + endpoints + R"(], "health": {"type": "none"})" +
           extra(upstream_extra) + R"(}}, "routes": [{"name": "all", "split": {"app": 1})" + extra(route_extra) + "}]}";
}

}  // namespace switchyard::test
