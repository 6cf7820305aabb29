#include "control/watch/grpc_health.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>

#include "config/model/grpc.h"
#include "proxy/http/grpc.h"
#include "proxy/http2/frame.h"

namespace switchyard::control {
namespace {

constexpr std::uint64_t kServing = 1;
constexpr std::array<std::string_view, 4> kServingStatuses{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

// HealthCheckRequest: field 1 is the service's name. With the five octets before a message.
std::string request_message(std::string_view service) {
    std::string message;
    if (!service.empty()) {
        message += '\x0a';
        for (std::size_t size = service.size();;) {
            const bool more = size > 0x7f;
            message += static_cast<char>((size & 0x7f) | (more ? 0x80 : 0));
            if (!more) break;
            size >>= 7U;
        }
        message += service;
    }
    std::string out(5, '\0');
    http2::write_u32(out.data() + 1, static_cast<std::uint32_t>(message.size()));
    return out + message;
}

std::optional<std::uint64_t> take_varint(std::string_view& from) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
        const auto octet = static_cast<unsigned char>(from.front());
        from.remove_prefix(1);
        value |= static_cast<std::uint64_t>(octet & 0x7fU) << shift;
        if ((octet & 0x80U) == 0) return value;
    }
    return std::nullopt;
}

// HealthCheckResponse: field 1 is the status. Other fields are passed over; nothing: it is no such message.
std::optional<std::uint64_t> serving_status(std::string_view message) {
    constexpr std::size_t kPrefix = 5;
    if (message.size() < kPrefix || message[0] != '\0' ||
        http2::read_u32(message.data() + 1) != message.size() - kPrefix)
        return std::nullopt;
    message.remove_prefix(kPrefix);
    std::uint64_t status = 0;
    while (!message.empty()) {
        const auto tag = take_varint(message);
        if (!tag) return std::nullopt;
        std::optional<std::uint64_t> skip = 0;
        switch (*tag & 7U) {
            case 0:
                if (const auto value = take_varint(message); !value)
                    return std::nullopt;
                else if (*tag >> 3U == 1)
                    status = *value;
                break;
            case 1:
                skip = 8;
                break;
            case 2:
                skip = take_varint(message);
                break;
            case 5:
                skip = 4;
                break;
            default:
                return std::nullopt;
        }
        if (!skip || *skip > message.size()) return std::nullopt;
        message.remove_prefix(static_cast<std::size_t>(*skip));
    }
    return status;
}

}  // namespace

net::HttpCall grpc_health_call(std::string_view service) {
    net::HttpCall call;
    call.method = "POST";
    call.target = "/grpc.health.v1.Health/Check";
    call.headers = {{"Content-Type", "application/grpc"}, {"TE", "trailers"}};
    call.body = request_message(service);
    call.most_body = kMostHealthAnswer;
    return call;
}

std::string grpc_health_trouble(const net::HttpAnswer& answer, std::string_view service) {
    using http::GrpcStatus;
    if (answer.status != 200) return fmt::format("answered HTTP {}, which is no answer of gRPC", answer.status);
    const GrpcStatus status = http::grpc_status_of(answer.trailers).value_or(GrpcStatus::unknown);
    if (status == GrpcStatus::unimplemented)
        return "it has no grpc.health.v1.Health (UNIMPLEMENTED): register that service, or check it by tcp";
    if (status == GrpcStatus::not_found) return fmt::format("it knows no service \"{}\" (NOT_FOUND)", service);
    if (status != GrpcStatus::ok)
        return fmt::format("answered {}", config::kGrpcStatuses[static_cast<std::size_t>(status)]);
    const auto serving = serving_status(answer.body);
    if (!serving) return "its answer is no HealthCheckResponse";
    if (*serving == kServing) return {};
    return fmt::format("answered {}, expected SERVING",
                       *serving < kServingStatuses.size() ? kServingStatuses[*serving] : std::string_view("nonsense"));
}

}  // namespace switchyard::control
