// What an exchange may know of the connection that its client has: who that is, by which listener it came, and the
// octets that no exchange has taken yet. The session that owns it closes it in the end.
//
// Threads: one worker. Owns: the client's stream.
#pragma once

#include <memory>

#include "proxy/net/stream.h"
#include "proxy/route/cidr_set.h"
#include "proxy/serve/strand.h"
#include "proxy/upstream/connection.h"

namespace switchyard::serve {

class Exchange;

class ClientConnection : public Strand {
  public:
    ClientConnection(WorkerContext& context, ListenerPlace& place, const route::ClientAddress& client)
        : Strand(context), in(context.buffers), place_(place), client_(client) {}

    const ListenerPlace& place() const { return place_; }
    const route::ClientAddress& client_address() const { return client_; }
    // As the PROXY protocol gave it; 0: ask the socket.
    std::uint16_t client_port() const { return client_port_; }

    // A connection that speaks for this client alone, because its user was proven on it (NTLM, Negotiate), while no
    // exchange has it. `to` tells its endpoint from any later one.
    struct Bound {
        std::unique_ptr<upstream::Connection> connection;
        std::weak_ptr<const upstream::EndpointState> to;

        bool is_to(const std::shared_ptr<upstream::EndpointState>& state) const {
            return !to.owner_before(state) && !state.owner_before(to);
        }
    };
    std::unique_ptr<Bound> bound;
    const Exchange* exchange = nullptr;  // the one that is under way

    net::Stream stream;
    net::Buffer in;

  protected:
    ListenerPlace& place_;
    route::ClientAddress client_;
    std::uint16_t client_port_ = 0;

  public:
    bool is_lane = false;  // it is one lane of many: an Http2Lane
};

}  // namespace switchyard::serve
