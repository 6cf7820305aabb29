// yardbench endpoint: something to drive load at whose answers and counts are known.
#include <fmt/format.h>

#include <cstdio>
#include <thread>

#include "bench/yardbench/endpoint/known_endpoint.h"
#include "bench/yardbench/report/duration.h"
#include "bench/yardbench/verbs/verbs.h"
#include "bench/yardbench/verbs/watched_run.h"

namespace yardbench {
namespace {

struct EndpointOptions {
    KnownEndpoint::Settings settings;
    std::string delay = "0s";
    std::string stall_every = "0s";
    std::string stall_for = "0s";
};

int run_endpoint(EndpointOptions flags) {
    flags.settings.delay = parse_duration(flags.delay);
    flags.settings.stall_every = parse_duration(flags.stall_every);
    flags.settings.stall_for = parse_duration(flags.stall_for);
    if ((flags.settings.stall_every > 0) != (flags.settings.stall_for > 0))
        throw std::invalid_argument("--stall-every and --stall-for go together");
    KnownEndpoint endpoint(flags.settings);
    install_interrupt();
    fmt::print("listening {}\n", endpoint.port());
    std::fflush(stdout);
    std::thread serving([&] { endpoint.run(); });
    while (!interrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    endpoint.stop();
    serving.join();
    fmt::print("{{\"requests\": {}, \"connections\": {}}}\n", endpoint.requests(), endpoint.connections());
    return 0;
}

}  // namespace

void add_endpoint(CLI::App& program, int& exit_code) {
    auto flags = std::make_shared<EndpointOptions>();
    CLI::App* verb = program.add_subcommand(
        "endpoint", "an endpoint with known answers: prints 'listening PORT', then at SIGTERM its exact counts");
    verb->add_option("--port", flags->settings.port, "0: any free one")->capture_default_str();
    verb->add_option("--body", flags->settings.body, "bytes of every response body")->capture_default_str();
    verb->add_option("--status", flags->settings.status)->check(CLI::Range(100, 599))->capture_default_str();
    verb->add_option("--delay", flags->delay, "every answer comes this long after its request")->capture_default_str();
    verb->add_option("--stall-every", flags->stall_every, "freeze at this interval …")->capture_default_str();
    verb->add_option("--stall-for", flags->stall_for, "… for this long")->capture_default_str();
    verb->add_flag("--close", flags->settings.close_each, "close the connection after every answer");
    verb->add_option("--colour", flags->settings.colour, "name to put into the colour header");
    verb->add_option("--colour-header", flags->settings.colour_header)->capture_default_str();
    verb->add_flag("--h2", flags->settings.http2, "speak HTTP/2 in clear, by prior knowledge");
    verb->add_option("--grpc", flags->settings.grpc_status, "answer calls of gRPC with this status, in the trailers")
        ->check(CLI::Range(0, 16))
        ->needs("--h2");
    verb->add_option("--messages", flags->settings.messages, "messages in each answer to a call")
        ->check(CLI::Range(0, 1'000'000))
        ->needs("--grpc")
        ->capture_default_str();
    verb->callback([flags, &exit_code] { exit_code = run_endpoint(*flags); });
}

}  // namespace yardbench
