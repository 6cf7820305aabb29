// The largest values a configuration may ask for. Each keeps a slip of the pen from becoming an outage.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace switchyard::config::limits {

inline constexpr int kConditionDepth = 16;               // nesting of all / any / not, walked for each request
inline constexpr std::size_t kConditionValues = 10'000;  // members of one `in` list
inline constexpr std::size_t kPatternLength = 1'024;     // characters of one regular expression

inline constexpr std::int64_t kWorkers = 1'024;           // more threads than any machine we know has cores
inline constexpr std::int64_t kResolverTimeout = 60'000;  // a look-up that takes longer is of no use
inline constexpr std::int64_t kResolverAttempts = 10;
inline constexpr std::size_t kResolverServers = 8;
inline constexpr std::int64_t kDiscovered = 10'000;  // endpoints of one upstream: each is checked every second
inline constexpr std::size_t kSourceServers = 8;
inline constexpr std::int64_t kConnections = 10'000'000;
inline constexpr std::int64_t kWeight = 1'000'000;       // weights of a split, before division by their gcd
inline constexpr std::int64_t kEndpointWeight = 65'535;  // smooth round robin sums these in 32 bits
inline constexpr std::int64_t kQueue = 1'000'000;
inline constexpr std::int64_t kRetryAttempts = 10;  // a retry storm is worse than the failure it hides
inline constexpr std::int64_t kHealthCount = 1'000;
inline constexpr std::size_t kCheckPrograms = 64, kCheckWords = 64;  // programs of checks; words of one
inline constexpr std::int64_t kRequests = 1'000'000'000;
inline constexpr std::int64_t kRateDelay = 60'000;             // a request that waits for longer has lost its client
inline constexpr std::int64_t kBytes = std::int64_t{1} << 50;  // 1 PiB
inline constexpr std::int64_t kDuration = std::chrono::milliseconds(std::chrono::hours(24 * 30)).count();
// Of a request: what one buffer of a worker holds, and what its table of fields has places for (proxy/http/head.h).
inline constexpr std::int64_t kHead = 16 * 1024, kLeastHead = 1024;
inline constexpr std::int64_t kFields = 101, kLeastFields = 10;  // fewer, and browsers are refused
inline constexpr std::int64_t kCookieAge =
    std::chrono::milliseconds(std::chrono::hours(24 * 400)).count();  // browsers keep none longer
inline constexpr std::int64_t kGenerations = 10'000'000;
inline constexpr std::int64_t kRollouts = 10'000;  // ended ones stay in memory, up to 300 KiB each

inline constexpr std::size_t kErrors =
    100;  // that are told of one document; more are not read, and each has to be made

inline constexpr std::int64_t kCertificateDepth = 10;  // no authority signs through more
inline constexpr std::size_t kNameLength = 100;        // names become metric labels and parts of URLs
inline constexpr std::size_t kHeaderValueLength = 8'192;
inline constexpr std::size_t kBodyLength = 64U << 10U;  // fixed answers live in every snapshot

}  // namespace switchyard::config::limits
