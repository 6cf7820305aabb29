// Answers that the proxy gives by itself: small RFC 9457 problems.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/head_writer.h"

namespace switchyard::http {

std::string_view reason_phrase(std::uint16_t status);

struct LocalReply {
    std::uint16_t status = 500;
    std::string_view detail;
    std::string_view request_id;
    std::string_view date_line;     // "Date: …\r\n"
    std::string_view extra_lines;   // ready field lines
    std::uint32_t retry_after = 0;  // seconds; 0: none
    bool close = false;
    bool head_only = false;  // the request was HEAD
    // Instead of the problem, when set:
    std::string_view body;
    std::string_view content_type;
    // Or the status of a gRPC call, with a message that is escaped already; negative: none.
    int grpc_status = -1;
    std::string_view grpc_message;
};

void write_local_reply(HeadWriter& out, const LocalReply& reply);

}  // namespace switchyard::http
