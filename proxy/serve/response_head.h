// The head that goes to the client: the endpoint's, less what was meant for the proxy alone, with the framing that will
// be written, the cookies that hold the client to where it went, and the route's edits.
//
// Pure over what it reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/head_writer.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/serve/body_writer.h"
#include "proxy/serve/endpoint_answer.h"
#include "proxy/serve/head_sources.h"

namespace switchyard::serve {

class KeptLines;

struct ResponseHead {
    const HeadSources& from;
    const EndpointAnswer& answer;
    const char* base;                          // where the answer's text stands
    std::string_view date;                     // "Date: …\r\n", where the endpoint sends none
    const std::vector<std::string>& trailers;  // that will come behind a chunked body
    std::string_view coded;                    // lines that say how it is compressed

    // False: it does not fit. `keep`: the connection to the client may be kept.
    bool write(net::Buffer& out, bool keep, Coding coding) const;

  private:
    bool takes_over(const http::Field& field, KeptLines& lines, http::HeadWriter& to) const;
    bool dates() const;
    void write_cache_control(http::HeadWriter& to) const;
    void write_route_lines(http::HeadWriter& to) const;
    void write_upgrade(http::HeadWriter& to) const;
};

// Of an answer that is not the last (1xx). False: it does not fit.
bool write_interim_head(net::Buffer& out, const http::Head& head, const char* base);

}  // namespace switchyard::serve
