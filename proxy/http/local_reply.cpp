#include "proxy/http/local_reply.h"

#include <algorithm>
#include <iterator>

namespace switchyard::http {

namespace {

struct Reason {
    std::uint16_t status;
    std::string_view phrase;
};

// The registry of status codes; 418 has none and is well known. Sorted.
constexpr Reason kReasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
};

}  // namespace

std::string_view reason_phrase(std::uint16_t status) {
    const auto found = std::ranges::lower_bound(kReasons, status, {}, &Reason::status);
    // Without a name it may have no phrase at all (RFC 9112 §4).
    return found != std::end(kReasons) && found->status == status ? found->phrase : std::string_view{};
}

namespace {

// A head is all there is of it, and its client is one of HTTP/2: no length, nothing of the connection.
void write_call_status(HeadWriter& out, const LocalReply& reply) {
    out << "HTTP/1.1 200 OK\r\n"
        << reply.date_line
        << "Content-Type: application/grpc\r\nGrpc-Status: " << static_cast<std::uint64_t>(reply.grpc_status)
        << "\r\nGrpc-Message: " << reply.grpc_message << "\r\n"
        << reply.extra_lines;
    if (!reply.request_id.empty()) out << "X-Request-Id: " << reply.request_id << "\r\n";
    out << "\r\n";
}

}  // namespace

void write_local_reply(HeadWriter& out, const LocalReply& reply) {
    if (reply.grpc_status >= 0) return write_call_status(out, reply);
    char problem_text[512];
    HeadWriter problem(problem_text);
    std::string_view body = reply.body, type = reply.content_type;
    if (type.empty()) {
        // Details are texts of ours, request ids are checked tokens: nothing needs escaping.
        problem << "{\"type\":\"about:blank\",\"title\":\"" << reason_phrase(reply.status)
                << "\",\"status\":" << std::uint64_t{reply.status} << ",\"detail\":\"" << reply.detail << "\"";
        if (!reply.request_id.empty()) problem << ",\"request_id\":\"" << reply.request_id << "\"";
        problem << "}\n";
        body = problem.text();
        type = "application/problem+json";
    }
    // No client reads a body behind these: its octets would be taken for the next response (RFC 9110 §8.6, §15.3.6).
    const bool bodiless = reply.status == 204 || reply.status == 205 || reply.status == 304;
    if (bodiless) body = {};
    out << "HTTP/1.1 " << std::uint64_t{reply.status} << ' ' << reason_phrase(reply.status) << "\r\n"
        << reply.date_line;
    if (!bodiless) out << "Content-Type: " << type << "\r\n";
    if (!bodiless || reply.status == 205) out << "Content-Length: " << std::uint64_t{body.size()} << "\r\n";
    out << reply.extra_lines;
    if (reply.retry_after != 0) out << "Retry-After: " << std::uint64_t{reply.retry_after} << "\r\n";
    if (!reply.request_id.empty()) out << "X-Request-Id: " << reply.request_id << "\r\n";
    out << (reply.close ? "Connection: close\r\n\r\n" : "\r\n");
    if (!reply.head_only) out << body;
}

}  // namespace switchyard::http
