#include "public_reports.h"

#include <doctest/doctest.h>

#include <utility>

namespace switchyard::test {
namespace {

using enum Does;

// One report, played.
class Play {
  public:
    explicit Play(const Report& report)
        : report_(report), stage_(1, report.route, {}, report.listener), client_(stage_.client(report.from)) {}

    void step(const Exchanged& step) {
        Crank& crank = *stage_.crank;
        switch (step.does) {
            case client_sends:
                crank.send(client_, step.text);
                break;
            case client_sees:
                crank.see(client_, step.text);
                break;
            case client_lacks:
                client_.read();
                CHECK_FALSE(contains(client_.seen, step.text));
                break;
            case client_counts_one:
                CHECK(count_of(client_.seen, step.text) == 1);
                break;
            case client_gets:
                CHECK(client_.seen == step.text);
                break;
            case client_gets_octets:
                gets_octets(step.number);
                break;
            case client_half_closes:
                client_.shutdown_send();
                crank.turn();
                break;
            case client_leaves:
                client_.close();
                crank.turn();
                break;
            case client_ends:
                crank.see_end(client_);
                CHECK(client_.ended);
                CHECK_FALSE(client_.cut);
                break;
            case client_goes_on:
                goes_on();
                break;
            case endpoint_connects:
                connection_ = stage_.accept();
                crank.see(connection_, "\r\n\r\n");
                break;
            case endpoint_sees:
                crank.see(connection_, step.text);
                break;
            case endpoint_lacks:
                CHECK_FALSE(contains(connection_.seen, step.text));
                break;
            case endpoint_field: {
                const auto equals = step.text.find('=');
                CHECK(values(connection_.seen, step.text.substr(0, equals)) == step.text.substr(equals + 1));
                break;
            }
            case endpoint_says:
                crank.send(connection_, step.text);
                break;
            case endpoint_says_octets:
                says_octets(step.number);
                break;
            case endpoint_closes:
                connection_.close();
                crank.turn();
                break;
            case endpoint_hears_nothing:
                crank.turn();
                CHECK_FALSE(stage_.endpoints[0]->accept().is_open());
                break;
            case same_connection:
                expected_ = Next::same;
                break;
            case fresh_connection:
                expected_ = Next::fresh;
                break;
            case blamed_for:
                blamed(step.text);
                break;
            case time_passes:
                crank.pass(static_cast<std::int64_t>(step.number));
                break;
            case second_client:
                other_ = std::move(client_);
                client_ = stage_.client("192.0.2.8");
                break;
        }
    }

  private:
    enum class Next : unsigned char { either, same, fresh };

    static bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

    // Client and endpoint at once: neither has room for all of it.
    void says_octets(std::size_t count) {
        std::string left(count, 'x');
        stage_.crank->until("the proxy to take a body", [&] {
            left.erase(0, connection_.write(left));
            client_.read();
            return left.empty();
        });
    }

    void gets_octets(std::size_t count) {
        std::size_t begin = 0;
        stage_.crank->until("a body", [&] {
            client_.read();
            begin = client_.seen.find("\r\n\r\n");
            return begin != client_.seen.npos && client_.seen.size() >= begin + 4 + count;
        });
        CHECK(client_.seen.substr(begin + 4) == std::string(count, 'x'));
    }

    void goes_on() {
        Crank& crank = *stage_.crank;
        client_.take();
        connection_.take();
        crank.send(client_, "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        bool fresh = false;
        crank.until("the next request at the endpoint", [&] {
            if (connection_.is_open()) connection_.read();
            if (contains(connection_.seen, "\r\n\r\n")) return true;
            Wire another = stage_.endpoints[0]->accept();
            if (!another.is_open()) return false;
            fresh = true;
            connection_ = std::move(another);
            return false;
        });
        CHECK(connection_.seen.starts_with("GET /next "));
        if (expected_ != Next::either) CHECK(fresh == (expected_ == Next::fresh));
        crank.send(connection_, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
        const auto& seen = crank.see(client_, "next");
        CHECK(seen.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(count_of(seen, "HTTP/1.1 ") == 1);
        CHECK(seen.ends_with("\r\n\r\nnext"));
        expected_ = Next::either;
    }

    void blamed(const std::string& reason) {
        std::string told;
        for (const auto& endpoint : stage_.crank->report().endpoints) told += endpoint.refused;
        CAPTURE(told);
        CHECK(contains(told, reason));
    }

    const Report& report_;
    Stage stage_;
    Wire client_, connection_, other_;
    Next expected_ = Next::either;
};

}  // namespace

void play(std::span<const Report> reports) {
    for (const Report& report : reports) {
        const std::string source = report.source, what = report.what;
        CAPTURE(source);
        CAPTURE(what);
        Play one(report);
        std::size_t number = 0;
        try {
            for (; number < report.steps.size(); ++number) {
                CAPTURE(number);
                one.step(report.steps[number]);
            }
        } catch (const std::exception& error) {
            CAPTURE(number);
            const std::string seen = error.what();
            CAPTURE(seen);
            FAIL_CHECK("a step that did not happen");
        }
    }
}

}  // namespace switchyard::test
