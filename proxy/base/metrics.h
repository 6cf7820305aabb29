// What a worker counts, and the report it hands to control.
//
// A worker owns one Cell per (route, upstream) that it has served and one EndpointCounts per endpoint; it adds to
// them without atomics and gives control the growth since the last report (a delta), swapped out on its own thread.
// Threads: a report belongs to its holder. Units: microseconds, bytes, counts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/answer_kind.h"
#include "proxy/base/coded_counts.h"
#include "proxy/base/histogram.h"
#include "proxy/base/mark_notes.h"
#include "proxy/base/tls_counts.h"

namespace switchyard {

// One route's traffic to one upstream. Local answers of a route that never reached an upstream have upstream "".
struct Cell {
    std::array<std::uint64_t, 6> by_class{};  // [1]…[5]: status classes as the client saw them; [0]: cut, no status
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    // For the analysis: first attempts only, so that a retry saved by another upstream stays a failure here.
    std::uint64_t attempts = 0;  // first attempts that ended (client aborts are not among them)
    std::uint64_t failures = 0;  // of these: 5xx from the endpoint, connect failure, reset, time limit; or no endpoint
                                 // to send it to: no usable endpoint, a full queue, an open breaker
    AnswerCounts answers{};      // of first attempts, by kind
    std::uint64_t aborted = 0;   // clients that left
    std::uint64_t denied = 0;    // refused by `access` or by a rule that denies
    std::array<std::uint64_t, 17> grpc{};  // calls of gRPC, by the status that the client saw
    CodedCounts coded;
    std::uint64_t rerouted = 0;  // meant for this upstream, which had no usable endpoint, and sent to another one
    Histogram duration;          // first byte of the request to last byte of the response
    Histogram first_byte;        // attempt sent to response head, of first attempts; failures by time count
    Histogram whole;             // attempt sent to last byte of its answer, but of what stands outside (Sample)
};

struct EndpointCounts {
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;       // answered 5xx
    std::uint64_t unreachable = 0;  // connect failure, reset, time limit, bad response
};

// Failures of one endpoint on one route: an endpoint of two routes is not blamed on the one for what the other asked.
struct EndpointFailures {
    std::uint32_t route = 0, endpoint = 0;  // Registry ids
    std::uint64_t failures = 0;
    std::uint64_t generation = 0;  // that sent them there
};

// Marks of one route at one upstream, where a rollout asks for them (Route::marks).
struct NotedMarks {
    std::uint32_t route = 0, upstream = 0;  // Registry ids
    std::uint64_t generation = 0;           // that routed them
    std::vector<MarkNote> notes;
};

// Of exchanges that one generation routed: what ends late is told apart from what a later one sent.
struct CellDelta {
    std::uint32_t route = 0;  // Registry ids
    std::uint32_t upstream = 0;
    std::unique_ptr<Cell> cell;
    std::uint64_t generation = 0;
    bool keyless = false;  // a split by sticky keys, and requests that had none
};

struct EndpointDelta {
    std::uint32_t endpoint = 0;  // Registry id
    EndpointCounts counts;
    std::string refused{};  // why its last answer was that was refused, and how that began; empty: none was
};

// Exchanges that are pinned to one generation and were sent to one upstream.
struct InFlight {
    std::uint64_t generation = 0;
    std::uint32_t upstream = 0;  // Registry id
    std::uint64_t requests = 0;
    std::uint64_t tunnels = 0;
    std::uint64_t streams = 0;  // requests that have lasted for kStreamAgeUs; they are none of the others
    std::uint64_t all() const { return requests + tunnels + streams; }
};

// A request that lasts longer is no question that waits for its answer: an event stream, a long poll, a large upload.
inline constexpr std::int64_t kStreamAgeUs = 60'000'000;

// First failures of split buckets, for sticky splits (analysis): which buckets failed at least once since the last
// report. A bucket is the top kBucketBits bits of the split hash.
struct FailedBuckets {
    static constexpr unsigned kBucketBits = 16;
    std::uint32_t route = 0;
    std::vector<std::uint16_t> canary;    // not on the split's first upstream
    std::vector<std::uint16_t> baseline;  // on the split's first upstream

    // Every first attempt that a hash decided while the split had two arms, in order: what latency and the sample
    // ratio need. Beyond kMostSamples per report later ones are left out, whatever their arm.
    struct Sample {
        std::uint16_t bucket = 0;
        std::uint16_t latency = 0;  // Histogram index of first_byte
        bool canary = false;
        AnswerKind answer = AnswerKind::ordinary;
        // Histogram index of the whole answer. What has no end of its own – event streams, tunnels – or one that its
        // size decides – more than 1 MiB – stands outside.
        static constexpr std::uint16_t kOutside = 0xffff;
        std::uint16_t whole = kOutside;
        std::uint16_t told_head = 0, told_whole = 0;  // as in Passage: what was told of it before it ended
    };
    static constexpr std::size_t kMostSamples = 1U << 15;
    std::vector<Sample> samples;
    std::uint64_t generation = 0;  // that routed them
};

// How far a first attempt has come since the last report, told while a rollout asks for it: so it is slow the moment
// it passes what is slow. Ages are Histogram indices, as it would be recorded with if it ended now.
struct Passage {
    enum class Of : std::uint8_t {
        both,  // it has no head yet, so its head is at least as late as its whole answer
        head,
        whole
    };
    std::uint64_t generation = 0;
    std::uint32_t route = 0, upstream = 0;  // Registry ids
    std::uint16_t from = 0, to = 0;         // told before, told now
    std::uint16_t bucket = 0;
    Of of = Of::both;
    bool over = false;  // it has ended and stands in its cell: what was told (`from`) is not to count twice
    bool hashed = false, canary = false, keyless = false;
};

// Ages of the first attempts that have no head yet, all of them.
struct HeadsWaited {
    std::uint32_t route = 0, upstream = 0;  // Registry ids
    std::uint64_t generation = 0;
    bool keyless = false;
    std::unique_ptr<Histogram> ages;
};

// Client connections that were closed before they said anything, by what refused them.
struct RefusedConnections {
    std::uint64_t full = 0;     // max_connections of the listener
    std::uint64_t peers = 0;    // proxy_protocol_from does not name the peer
    std::uint64_t clients = 0;  // max_connections_per_client
};

struct WorkerReport {
    unsigned worker = 0;
    std::vector<CellDelta> cells;
    std::vector<EndpointDelta> endpoints;
    std::vector<InFlight> in_flight;  // absolute, all generations this worker still holds
    std::vector<FailedBuckets> failed_buckets;
    std::vector<EndpointFailures> endpoint_failures;
    std::vector<NotedMarks> marks;
    bool ages = false;  // were asked for
    std::vector<Passage> passages;
    std::vector<HeadsWaited> heads_waited;  // absolute
    std::uint64_t client_connections = 0;   // absolute
    std::uint64_t client_connections_idle = 0;
    std::uint64_t upstream_connections = 0;
    std::uint64_t upstream_connections_idle = 0;
    std::uint64_t accepted = 0;  // deltas from here on
    RefusedConnections refused;
    std::uint64_t tls_full = 0;
    std::uint64_t tls_resumed = 0;
    std::uint64_t tls_failed = 0;
    TlsTroubleCounts tls_troubles{};  // of those that failed
    EndpointTlsCounts endpoint_tls;
    std::uint64_t retries_reused = 0;
    std::uint64_t retries_connect = 0;
    std::uint64_t retries_status = 0;  // an answer was one of retries.on
    std::uint64_t retries_other = 0;
    std::uint64_t log_dropped = 0;
    std::uint64_t escaped = 0;  // exceptions that reached the loop
};

}  // namespace switchyard
