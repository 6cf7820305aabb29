#include "proxy/http/grpc.h"

#include <algorithm>
#include <charconv>

#include "proxy/http/characters.h"

namespace switchyard::http {
namespace {

constexpr std::string_view kStatusName = "grpc-status";
constexpr std::size_t kTimeoutDigits = 8;
constexpr std::int64_t kTimeoutMost = 99'999'999;

// Collects what several fields of that name say.
class StatusReader {
  public:
    void take(std::string_view value) {
        const bool number = !value.empty() && value.size() <= 2 && all(value, kDigit);
        unsigned status = kGrpcStatuses;
        if (number) std::from_chars(value.data(), value.data() + value.size(), status);
        const bool known = status < kGrpcStatuses && !said_;
        said_ = known ? static_cast<GrpcStatus>(status) : GrpcStatus::unknown;
    }
    std::optional<GrpcStatus> said() const { return said_; }

  private:
    std::optional<GrpcStatus> said_;
};

}  // namespace

bool is_grpc(std::string_view content_type) {
    constexpr std::string_view kType = "application/grpc";
    if (content_type.size() < kType.size() || !equals_lower(content_type.substr(0, kType.size()), kType)) return false;
    const std::string_view rest = content_type.substr(kType.size());
    return rest.empty() || rest[0] == '+' || rest[0] == ';';
}

std::optional<GrpcStatus> grpc_status_of(const char* base, const Head& head) {
    StatusReader reader;
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        const Field& field = head.fields[i];
        if (field.name.length != kStatusName.size() || !equals_lower(field.name.of(base), kStatusName)) continue;
        reader.take(field.value.of(base));
    }
    return reader.said();
}

std::optional<GrpcStatus> grpc_status_of(std::string_view lines) {
    StatusReader reader;
    while (!lines.empty()) {
        const auto end = lines.find("\r\n");
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end == lines.npos ? lines.size() : end + 2);
        const auto colon = line.find(':');
        if (colon == line.npos || !equals_lower(line.substr(0, colon), kStatusName)) continue;
        reader.take(trim(line.substr(colon + 1)));
    }
    return reader.said();
}

GrpcStatus grpc_status_of_http(std::uint16_t status) {
    switch (status) {
        case 400:
            return GrpcStatus::internal;
        case 401:
            return GrpcStatus::unauthenticated;
        case 403:
            return GrpcStatus::permission_denied;
        case 404:
            return GrpcStatus::unimplemented;
        case 429:
        case 502:
        case 503:
        case 504:
            return GrpcStatus::unavailable;
        default:
            return GrpcStatus::unknown;
    }
}

GrpcStatus grpc_status_of(Failure failure) {
    // Nothing was asked for in time: another endpoint may have it.
    if (failure == Failure::connect_timeout) return GrpcStatus::unavailable;
    switch (traits(failure).status) {
        case 0:  // the client is not there to be told
            return failure == Failure::none ? GrpcStatus::ok : GrpcStatus::cancelled;
        case 401:
            return GrpcStatus::unauthenticated;
        case 403:
            return GrpcStatus::permission_denied;
        case 404:
        case 405:
            return GrpcStatus::unimplemented;
        case 408:
        case 504:
            return GrpcStatus::deadline_exceeded;
        case 413:
        case 414:
        case 429:
        case 431:
            return GrpcStatus::resource_exhausted;
        case 421:
        case 502:
        case 503:
            return GrpcStatus::unavailable;
        default:
            return GrpcStatus::internal;
    }
}

std::optional<std::int64_t> parse_grpc_timeout(std::string_view value) {
    if (value.size() < 2 || value.size() > kTimeoutDigits + 1) return {};
    const std::string_view digits = value.substr(0, value.size() - 1);
    if (!all(digits, kDigit)) return {};
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const auto up = [number](std::int64_t parts) { return (number + parts - 1) / parts; };
    switch (value.back()) {
        case 'H':
            return number * 3'600'000;
        case 'M':
            return number * 60'000;
        case 'S':
            return number * 1'000;
        case 'm':
            return number;
        case 'u':
            return up(1'000);
        case 'n':
            return up(1'000'000);
        default:
            return {};
    }
}

std::string grpc_timeout(std::int64_t milliseconds) {
    milliseconds = std::max<std::int64_t>(milliseconds, 0);
    if (milliseconds <= kTimeoutMost) return std::to_string(milliseconds) + 'm';
    if (milliseconds / 1'000 <= kTimeoutMost) return std::to_string(milliseconds / 1'000) + 'S';
    return std::to_string(std::min(milliseconds / 3'600'000, kTimeoutMost)) + 'H';
}

std::optional<std::int64_t> parse_grpc_pushback(std::string_view value) {
    if (value.empty() || value.size() > kTimeoutDigits || !all(value, kDigit)) return {};
    std::int64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
}

std::string grpc_message(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c >= ' ' && c <= '~' && c != '%') {
            out += c;
            continue;
        }
        out += '%';
        out += kHexDigits[static_cast<unsigned char>(c) >> 4];
        out += kHexDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::string_view value_of(const char* base, const Head& head, std::string_view name) {
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        const Field& field = head.fields[i];
        if (field.name.length == name.size() && equals_lower(field.name.of(base), name)) return field.value.of(base);
    }
    return {};
}

}  // namespace switchyard::http
