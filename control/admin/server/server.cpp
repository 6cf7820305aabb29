#include "control/admin/server/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>

#include "control/admin/server/session.h"
#include "control/admin/server/tls.h"
#include "control/admin/server/wire.h"
#include "proxy/base/log.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// After running out of descriptors, accepting again at once would only spin.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::shared_ptr<const switchyard::net::TlsPolicy> policy_in_force(const void* context) {
    const auto& snapshot = static_cast<const Context*>(context)->controller.snapshot();
    return snapshot ? snapshot->admin_tls : nullptr;
}

}  // namespace

struct AdminServer::Members : std::enable_shared_from_this<AdminServer::Members> {
    explicit Members(Context& context_) : context(context_), acceptor(context_.executor) {}

    Context& context;
    tcp::acceptor acceptor;
    config::Address bound;
    std::shared_ptr<asio::ssl::context> tls;  // by files of its own
    bool by_book = false;                     // else by the book of certificates, or plain
    std::map<unsigned, Wire*> open;
    unsigned next = 0;
    bool stopped = false;

    bool make_room();
    void give_up_socket();
    static asio::awaitable<void> accept(std::shared_ptr<Members> self);
    static asio::awaitable<void> session(std::shared_ptr<Members> self, tcp::socket socket);
};

// An operator must get through whatever other clients hold open.
bool AdminServer::Members::make_room() {
    const auto worth = [](const Wire& wire) { return std::pair(wire.has_called, *wire.idle_since); };
    auto least = open.end();
    for (auto it = open.begin(); it != open.end(); ++it)
        if (it->second->idle_since && (least == open.end() || worth(*it->second) < worth(*least->second))) least = it;
    if (least == open.end()) return false;
    least->second->cancel();
    open.erase(least);
    return true;
}

// Out of the loop's set before it is closed: where another process holds a copy of it, closing alone would leave it
// there.
void AdminServer::Members::give_up_socket() {
    boost::system::error_code ignored;  // closing is all that is wanted
    if (acceptor.is_open()) ::close(acceptor.release(ignored));
}

asio::awaitable<void> AdminServer::Members::accept(std::shared_ptr<Members> self) {
    while (!self->stopped) {
        auto [ec, socket] = co_await self->acceptor.async_accept(kNothrow);
        if (self->stopped || !self->acceptor.is_open()) co_return;
        if (ec) {
            asio::steady_timer pause(self->context.executor, kAcceptPause);
            co_await pause.async_wait(kNothrow);
            continue;
        }
        if (self->open.size() >= kConnections && !self->make_room()) continue;  // all are busy: closed at once
        try {
            asio::co_spawn(self->context.executor, session(self, std::move(socket)), asio::detached);
        } catch (const std::exception& e) {
            log_error("an admin connection could not begin: {}", e.what());
        }
    }
}

asio::awaitable<void> AdminServer::Members::session(std::shared_ptr<Members> self, tcp::socket socket) {
    boost::system::error_code ignored;  // an optimisation, not a need
    socket.set_option(tcp::no_delay(true), ignored);
    auto from = socket.remote_endpoint(ignored).address().to_string();
    const auto wire = self->by_book ? secure_wire(std::move(socket), {policy_in_force, &self->context})
                      : self->tls   ? tls_wire(std::move(socket), *self->tls)
                                    : plain_wire(std::move(socket));
    const unsigned number = self->next++;
    self->open[number] = wire.get();
    try {
        wire->expires_after(kFirstByteTime);
        if (!co_await wire->open()) {
            co_await serve_session(wire, std::move(from), self->context);
            wire->expires_after(kCloseTime);
            co_await wire->close();
        }
    } catch (const std::exception& e) {
        log_error("an admin connection failed: {}", e.what());
    }
    self->open.erase(number);
}

AdminServer::AdminServer(std::shared_ptr<Members> members) : members_(std::move(members)) {}
AdminServer::~AdminServer() {
    stop();
}

const config::Address& AdminServer::bound() const {
    return members_->bound;
}

void AdminServer::stop() {
    if (std::exchange(members_->stopped, true)) return;
    members_->give_up_socket();
    for (auto& [number, wire] : members_->open) wire->cancel();
}

std::string AdminServer::url() const {
    return (members_->tls || members_->by_book ? "https://" : "http://") + members_->bound.text();
}

void AdminServer::accept() {
    asio::co_spawn(members_->context.executor, Members::accept(members_), asio::detached);
}

int AdminServer::descriptor() const {
    return ::fcntl(members_->acceptor.native_handle(), F_DUPFD_CLOEXEC, 0);
}

void AdminServer::retire() {
    members_->give_up_socket();
}

Result<std::unique_ptr<AdminServer>> AdminServer::listen(const config::Admin& settings, Context& context, int passed) {
    const auto& bind = settings.bind;
    using Kind = config::Address::Kind;
    const auto refused = [&](const std::string& why) {
        return problems::internal(fmt::format("/process/admin/bind: {} cannot be used: {}", bind.text(), why));
    };
    if (bind.kind == Kind::unix_path) return refused("the admin API listens on host:port");
    boost::system::error_code ec;
    tcp::endpoint endpoint;
    if (bind.kind == Kind::name) {
        tcp::resolver resolver(context.executor);
        const auto found = resolver.resolve(bind.host, std::to_string(bind.port), ec);
        if (!ec) endpoint = found.begin()->endpoint();
    } else {
        endpoint = {asio::ip::make_address(bind.host, ec), bind.port};
    }
    if (ec) return refused(ec.message());
    auto members = std::make_shared<Members>(context);
    if (!settings.tls_certificate.empty()) {
        auto tls = admin_tls(settings.tls_certificate, settings.tls_key);
        if (!tls) return tls.error();
        members->tls = std::move(*tls);
    }
    members->by_book = settings.tls.has_value();
    auto& acceptor = members->acceptor;
    if (passed >= 0)
        acceptor.assign(endpoint.protocol(), passed, ec);
    else
        acceptor.open(endpoint.protocol(), ec);
    // Reuse of a port in TIME_WAIT after a restart; a port that has a listener still fails.
    if (!ec && passed < 0) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec && passed < 0) acceptor.bind(endpoint, ec);
    if (!ec && passed < 0) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) return refused(ec.message());
    const auto local = acceptor.local_endpoint(ec);
    if (ec) return refused(ec.message());
    members->bound = {local.address().is_v6() ? Kind::ipv6 : Kind::ipv4, local.address().to_string(), local.port()};
    std::unique_ptr<AdminServer> out(new AdminServer(members));
    if (passed < 0) out->accept();
    return out;
}

}  // namespace switchyard::control
