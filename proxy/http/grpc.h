// What gRPC says in heads and trailers: which requests are calls, how they ended, how long they may take.
//
// Pure. Source: gRPC over HTTP/2 (PROTOCOL-HTTP2), statuses of gRPC (statuscodes), http-grpc-status-mapping.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/failure.h"
#include "proxy/http/head.h"

namespace switchyard::http {

enum class GrpcStatus : std::uint8_t {
    ok,
    cancelled,
    unknown,
    invalid_argument,
    deadline_exceeded,
    not_found,
    already_exists,
    permission_denied,
    resource_exhausted,
    failed_precondition,
    aborted,
    out_of_range,
    unimplemented,
    internal,
    unavailable,
    data_loss,
    unauthenticated,
};
inline constexpr std::size_t kGrpcStatuses = static_cast<std::size_t>(GrpcStatus::unauthenticated) + 1;

// "application/grpc", alone or followed by '+' or ';': not grpc-web, which is a POST like others.
bool is_grpc(std::string_view content_type);

// What an answer says about its call. A value that is no status, or one said twice, is `unknown`; empty: it says none.
std::optional<GrpcStatus> grpc_status_of(const char* base, const Head& head);
// Of trailers, "name: value" CRLF each.
std::optional<GrpcStatus> grpc_status_of(std::string_view lines);
// What a client makes of an answer without one.
GrpcStatus grpc_status_of_http(std::uint16_t status);
// What a client is told of a failure here.
GrpcStatus grpc_status_of(Failure failure);

// 1 to 8 digits and one of H M S m u n, in milliseconds, rounded up; empty: it is none.
std::optional<std::int64_t> parse_grpc_timeout(std::string_view value);
// As such a value; what is over is 0.
std::string grpc_timeout(std::int64_t milliseconds);

// Of grpc-retry-pushback-ms: how long to wait; empty: no other attempt is wanted (a negative number, or none at all).
std::optional<std::int64_t> parse_grpc_pushback(std::string_view value);

// As the value of grpc-message: printable ASCII, the rest and '%' escaped.
std::string grpc_message(std::string_view text);

// The value of the first field of that name (lower case), which the parser does not know by heart; empty: there is
// none.
std::string_view value_of(const char* base, const Head& head, std::string_view name);

}  // namespace switchyard::http
