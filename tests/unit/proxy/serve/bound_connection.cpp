// NTLM and Negotiate prove a user for a connection: it serves that user's client and no other.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kChallenge =
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\", NTLM\r\nContent-Length: 2\r\n\r\nno";

std::string proving(const std::string& field) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n";
}

// What the client asks arrives on this connection, is answered, and the answer arrives.
void asks(Stage& stage, Wire& client, Wire& connection, const std::string& request, const std::string& answer = kOk) {
    stage.crank->send(client, request);
    stage.crank->see(connection, "\r\n\r\n");
    connection.take();
    stage.crank->send(connection, answer);
    stage.crank->see(client, answer.substr(answer.find("\r\n\r\n")));
    client.take();
}

}  // namespace

TEST_CASE("a connection on which a client has proven himself is his alone, for as long as he stays") {
    for (const char* field : {"Authorization: NTLM TlRM", "authorization: negotiate YII=", "Authorization: Nego2 x",
                              "Proxy-Authorization: NTLM TlRM"}) {
        CAPTURE(field);
        Stage stage;
        Wire alice = stage.client(), bob = stage.client();
        // It comes from the pool, as any.
        Wire first = stage.kept_connection(alice);
        asks(stage, alice, first, kGet);
        asks(stage, alice, first, proving(field));
        // Bob gets another one, and that goes to the pool; Alice keeps the first.
        Wire second = stage.kept_connection(bob);
        asks(stage, alice, first, kGet);
        asks(stage, bob, second, kGet);
        asks(stage, alice, first, post());
        // Alice leaves, and it goes with the client.
        alice.close();
        stage.crank->see_end(first);
        asks(stage, bob, second, kGet);
        CHECK(stage.in_flight() == 0);
    }
}

TEST_CASE("a challenge for the connection binds it as well") {
    for (const char* field : {"WWW-Authenticate: NTLM", "WWW-Authenticate: Negotiate", "Proxy-Authenticate: nego2",
                              "WWW-Authenticate: Negotiate oRQw"}) {
        CAPTURE(field);
        Stage stage;
        Wire alice = stage.client(), bob = stage.client();
        const std::string challenge =
            "HTTP/1.1 401 Unauthorized\r\n" + std::string(field) + "\r\nContent-Length: 2\r\n\r\nno";
        stage.crank->send(alice, kGet);
        Wire first = stage.accept();
        stage.crank->see(first, "\r\n\r\n");
        first.take();
        stage.crank->send(first, challenge);
        stage.crank->see(alice, "no");
        alice.take();
        Wire second = stage.kept_connection(bob);
        asks(stage, alice, first, proving("Authorization: NTLM TlRM"), kChallenge);
        asks(stage, alice, first, proving("Authorization: NTLM TlRMU1M="));
        asks(stage, bob, second, kGet);
    }
}

TEST_CASE("other schemes bind nothing") {
    Stage stage;
    Wire alice = stage.client(), bob = stage.client();
    Wire connection = stage.kept_connection(alice, proving("Authorization: Bearer ntlm"));
    asks(stage, bob, connection, proving("Authorization: Basic bnRsbQ=="),
         "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"ntlm\"\r\nContent-Length: 2\r\n\r\nno");
    asks(stage, alice, connection, kGet);
}

TEST_CASE("with several endpoints the client comes back to the one that knows him") {
    Stage stage(3);
    Wire alice = stage.client();
    std::size_t which = 0;
    stage.crank->send(alice, proving("Authorization: NTLM TlRM"));
    Wire own = stage.accept_any(which);
    stage.crank->see(own, "\r\n\r\n");
    own.take();
    stage.crank->send(own, kOk);
    stage.crank->see(alice, "ok");
    alice.take();
    for (int i = 0; i < 20; ++i) asks(stage, alice, own, kGet);
}

TEST_CASE("behind a proxy nobody can tell whose it is, and without kept connections there is none: closed") {
    const std::string trusting = R"("trusted_proxies": ["127.0.0.0/8"])";
    for (const bool behind : {true, false}) {
        CAPTURE(behind);
        Stage stage(1, {}, behind ? "" : R"("keepalive": {"max_idle": 0})", behind ? trusting : "");
        Wire client = stage.client();
        stage.crank->send(client, proving("Authorization: NTLM TlRM"));
        Wire connection = stage.accept();
        stage.answer(connection, client, kGet);
        stage.crank->see_end(connection);
        stage.kept_connection(client);
    }
}

TEST_CASE("a bound connection that its endpoint closes is let go while the client is idle") {
    Stage stage;
    Wire alice = stage.client();
    Wire connection = stage.kept_connection(alice, proving("Authorization: NTLM TlRM"));
    connection.shutdown_send();
    stage.crank->see_end(connection);
    CHECK(stage.crank->sessions() == 1);
    stage.kept_connection(alice);
}

TEST_CASE("a bound connection that the endpoint has closed is made anew, and bound again") {
    Stage stage;
    Wire alice = stage.client(), bob = stage.client();
    Wire first = stage.kept_connection(alice, proving("Authorization: NTLM TlRM"));
    first.close();
    Wire second = stage.kept_connection(alice, proving("Authorization: NTLM TlRM"));
    Wire third = stage.kept_connection(bob);
    asks(stage, alice, second, kGet);
    asks(stage, bob, third, kGet);
}
