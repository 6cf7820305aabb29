// The statuses of gRPC by their names, and what a route makes of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

// By their numbers.
inline constexpr std::array<std::string_view, 17> kGrpcStatuses{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

struct RouteGrpc {
    // What of the endpoint's statuses is its failure: these say that it is broken, the others that the call was.
    std::vector<std::string> failures{"UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"};
    std::vector<std::string> retry_on;  // another attempt for these, where nothing else was answered
    bool operator==(const RouteGrpc&) const = default;
};

// A bit per status; a name that is none has none.
constexpr std::uint32_t grpc_statuses(std::span<const std::string> names) {
    std::uint32_t out = 0;
    for (const std::string& name : names)
        for (std::size_t i = 0; i < kGrpcStatuses.size(); ++i)
            if (kGrpcStatuses[i] == name) out |= 1U << i;
    return out;
}

}  // namespace switchyard::config
