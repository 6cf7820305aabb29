// Against a server that shares no code with this program: `openssl s_server`.
#include "control/net/tls_client.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <vector>

#include "control/net/http_client.h"
#include "tests/support/certificates.h"

using namespace switchyard::control::net;
using namespace switchyard::test;
namespace asio = boost::asio;

namespace {

// Ends with the test.
class OpensslServer {
  public:
    explicit OpensslServer(std::vector<std::string> options) {
        options.insert(options.begin(), {"openssl", "s_server", "-accept", "127.0.0.1:0", "-www"});
        std::array<int, 2> out{};
        REQUIRE(pipe2(out.data(), O_CLOEXEC) == 0);
        std::vector<char*> arguments;
        for (auto& option : options) arguments.push_back(option.data());
        arguments.push_back(nullptr);
        pid_ = fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            dup2(out[1], 1);
            dup2(out[1], 2);
            execvp("openssl", arguments.data());
            _exit(127);
        }
        close(out[1]);
        from_ = out[0];
        std::string said;
        for (char c = 0; read(from_, &c, 1) == 1;) {
            said += c;
            const auto at = said.find("ACCEPT 127.0.0.1:");
            if (c != '\n' || at == std::string::npos) continue;
            port = std::stoi(said.substr(at + 17));
            break;
        }
        INFO(said);
        REQUIRE(port != 0);
        // What it says later fills no pipe.
        fcntl(from_, F_SETPIPE_SZ, 1 << 20);
    }
    ~OpensslServer() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        close(from_);
    }
    OpensslServer(const OpensslServer&) = delete;
    OpensslServer& operator=(const OpensslServer&) = delete;

    HttpAnswer ask(const TlsClientSettings& settings, const std::string& host = "127.0.0.1") const {
        asio::io_context io{1};
        HttpClient client(io.get_executor(), {fmt::format("https://{}:{}", host, port), settings});
        std::optional<HttpAnswer> out;
        client.ask({}, [&](HttpAnswer answer) { out = std::move(answer); });
        while (!out) io.run_one();
        return *out;
    }
    int port = 0;

  private:
    pid_t pid_ = 0;
    int from_ = -1;
};

bool says(const HttpAnswer& answer, std::string_view words) {
    return answer.error.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a server is believed under the name that it is asked by, whatever host it is connected at") {
    const Authority authority("directory"), another("another");
    const auto made = authority.sign({"ca.shop.example", "*.wild.example"});
    const auto chain = file_with("server.pem", made.certificate), key = file_with("server.key", made.key);
    const auto known = file_with("known.pem", authority.certificate());
    const OpensslServer server({"-cert", chain, "-key", key});

    auto good = server.ask({.ca_file = known, .server_name = "ca.shop.example"});
    CHECK_MESSAGE(good.status == 200, good.error);
    CHECK(good.body.find("ca.shop.example") == std::string::npos);
    CHECK(server.ask({.ca_file = known, .server_name = "a.wild.example"}).ok());
    CHECK(says(server.ask({.ca_file = known, .server_name = "other.example"}), "its certificate: hostname mismatch"));
    CHECK(says(server.ask({.ca_file = known}), "its certificate: IP address mismatch"));
    CHECK(says(
        server.ask({.ca_file = file_with("stranger.pem", another.certificate()), .server_name = "ca.shop.example"}),
        "its certificate: unable to get local issuer certificate"));
    CHECK(server.ask({.verify = false}).ok());
}

TEST_CASE("an expired server is not believed, and that is said") {
    const Authority authority("directory");
    const auto made = authority.sign({"localhost"}, KeyKind::p256, -7200, -3600);
    const OpensslServer server(
        {"-cert", file_with("old.pem", made.certificate), "-key", file_with("old.key", made.key)});
    CHECK(says(server.ask({.ca_file = file_with("ca.pem", authority.certificate()), .server_name = "localhost"}),
               "its certificate: certificate has expired"));
}

TEST_CASE("a certificate of the client is shown to who asks for one; files that cannot be used are named") {
    const Authority authority("both sides");
    const auto made = authority.sign({"localhost"}), mine = authority.sign({"proxy.shop.example"});
    const auto ca = file_with("both.pem", authority.certificate());
    const auto chain = file_with("mine.pem", mine.certificate), key = file_with("mine.key", mine.key);
    // TLS 1.2, so that a refusal comes in the handshake and not with the first answer.
    const OpensslServer server({"-cert", file_with("their.pem", made.certificate), "-key",
                                file_with("their.key", made.key), "-Verify", "2", "-verify_return_error", "-CAfile", ca,
                                "-tls1_2"});
    TlsClientSettings settings{.ca_file = ca, .server_name = "localhost"};
    CHECK(says(server.ask(settings), "https://127.0.0.1"));
    settings.chain_file = chain;
    settings.key_file = key;
    const auto good = server.ask(settings);
    CHECK_MESSAGE(good.status == 200, good.error);

    settings.key_file = file_with("their-other.key", made.key);
    CHECK(says(server.ask(settings), settings.key_file));
    settings.key_file = file_with("locked.key", with_password(mine.key, "secret"));
    CHECK(says(server.ask(settings), settings.key_file));
    settings.chain_file = "/nowhere.pem";
    CHECK(says(server.ask(settings), "/nowhere.pem cannot be read"));
    settings = {.ca_file = "/nowhere.pem"};
    CHECK(says(server.ask(settings), "/nowhere.pem cannot be read"));
}
