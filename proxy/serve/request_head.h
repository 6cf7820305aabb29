// The head that goes to the endpoint: the client's, less what was meant for the proxy alone, plus what the endpoint
// should know – who asked, through whom and how (request_forwarding.cpp), the request's name, Via. A route's edits are
// the last word on all of it.
//
// Pure over what it reads.
#pragma once

#include <string>
#include <vector>

#include "proxy/http/head_writer.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/serve/head_sources.h"

namespace switchyard::serve {

class RequestHead {
  public:
    // `trailers`: those that will come behind a chunked body. `framed`: the endpoint is spoken to in HTTP/2.
    RequestHead(const HeadSources& from, const std::vector<std::string>& trailers, bool framed = false)
        : asked_(from.asked),
          listener_(*from.course.listener),
          route_(*from.course.route),
          from_(from),
          trailers_(trailers),
          framed_(framed) {}

    // False: it does not fit.
    bool write(net::Buffer& out) const;

  private:
    struct Said;

    bool keeps(const http::Field& field, Said& said) const;
    void write_own_lines(http::HeadWriter& to, const Said& said) const;
    void write_upgrade(http::HeadWriter& to) const;
    void write_te(http::HeadWriter& to) const;
    bool is_of_attempt(const http::Field& field) const;
    void write_attempt(http::HeadWriter& to) const;
    void write_forwarding(http::HeadWriter& to, const http::Field* host, const http::Field* proto,
                          bool port_given) const;
    void write_own_forwarding(http::HeadWriter& to) const;
    void write_forwarded_for(http::HeadWriter& to) const;
    std::string_view forwarded_port(const http::Field* host, const http::Field* proto) const;
    bool reads_forwarded_for() const;
    bool reads_forwarded() const;
    // Nothing else has a say in how the request came here: no peer, no edit of a line of ours.
    bool only_we_say() const {
        return !asked_.trusted_peer && route_.request_edits.known == 0 && !listener_.forwarded &&
               !asked_.target.authority.empty() && from_.client.address().is_ip;
    }
    // As the host says that is asked for now: checks that only differ in this let the same clients in.
    bool tells_certificate() const {
        return asked_.facts.certificate != nullptr && !asked_.facts.certificate->field.empty() &&
               listener_.tls != nullptr && listener_.tls->client_for(asked_.facts.host)->forwards();
    }
    const char* base() const { return asked_.facts.base; }

    const route::Asked& asked_;
    const ListenerPlan& listener_;
    const route::Route& route_;
    const HeadSources& from_;
    const std::vector<std::string>& trailers_;
    const bool framed_;
};

}  // namespace switchyard::serve
