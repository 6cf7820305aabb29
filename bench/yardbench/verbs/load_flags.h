// The flags that every verb which drives load has in common, and the plan they make.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "bench/yardbench/engine/plan.h"
#include "bench/yardbench/engine/url.h"

namespace yardbench {

struct LoadFlags {
    std::string url;
    unsigned connections = 64;
    unsigned threads = 1;
    double rate = 0;
    double rate_from = 0;
    std::string ramp = "0s";
    std::string duration = "10s";
    std::string warm_up;  // empty: a second, or none for a number of requests
    std::string timeout = "10s";
    std::uint64_t requests = 0;
    std::vector<int> processors;
    bool close_each = false;
    bool full_handshakes = false;
    std::string ca, tls = "1.3";
    bool http2 = false, grpc = false;
    unsigned streams = 1;
    bool json = false;
    bool quiet = false;

    void add_to(CLI::App& verb);
    // Of verbs whose load is one request.
    void add_grpc_to(CLI::App& verb);
    // Throws std::invalid_argument for what cannot be run.
    Plan plan(const Url& target) const;
};

// "GET /path HTTP/1.1" with Host, further headers ("Name: value") and a body, as bytes.
// A unary call of gRPC whose message these octets are is a POST with headers of its own: call_text().
std::string call_text(const Url& target, std::vector<std::string> headers, const std::string& message);
std::string request_text(const std::string& method, const Url& target, const std::vector<std::string>& headers,
                         const std::string& body, bool close_each);

}  // namespace yardbench
