// What names endpoints, asked again and again.
//
// Threads: control, which a source never blocks. Every answer, good or bad, is a Sighting; a source that is silent says
//   so itself when its time limit is over. It ends with its destructor: nothing is heard of it afterwards.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "config/model/discover.h"
#include "config/model/process.h"
#include "config/model/sources.h"
#include "control/discovery/sighting.h"

namespace switchyard::control::discovery {

using Heard = std::function<void(Sighting)>;

class EndpointSource {
  public:
    EndpointSource() = default;
    EndpointSource(const EndpointSource&) = delete;
    EndpointSource& operator=(const EndpointSource&) = delete;
    virtual ~EndpointSource() = default;

    // From here on `heard` is called, from the loop and never from inside this call.
    virtual void start(Heard heard) = 0;
    // A whole answer is wanted soon, though nothing may have changed.
    virtual void look() = 0;
};

struct Surroundings {
    boost::asio::any_io_executor executor;
    config::Sources sources;
    config::Resolver resolver;
};

std::unique_ptr<EndpointSource> make_source(const Surroundings& around, const config::Discover& discover,
                                            const config::Discovery& rules);
// What it asks, for people: "file /etc/green.json", "srv _http._tcp.app.internal".
std::string source_words(const config::Discover& discover);

}  // namespace switchyard::control::discovery
