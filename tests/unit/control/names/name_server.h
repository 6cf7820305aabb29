// A name server for tests, on the loop of the test: answers from a table, or as badly as it is told to.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

class NameServer {
  public:
    struct Record {
        std::vector<std::string> addresses;  // of both families
        std::uint32_t ttl = 60;
        std::string alias_of;  // a CNAME in front of them, with alias_ttl
        std::uint32_t alias_ttl = 60;
        unsigned code = 0;  // 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED
        bool silent = false;
        bool cut_short = false;  // by UDP; whole by TCP
    };

    explicit NameServer(boost::asio::io_context& io) : udp_(io), tcp_(io) {
        const auto here = boost::asio::ip::make_address("127.0.0.1");
        boost::system::error_code taken;
        do {  // a port that is free for UDP may be taken for TCP
            udp_ = {io, {here, 0}};
            tcp_ = boost::asio::ip::tcp::acceptor(io);
            tcp_.open(boost::asio::ip::tcp::v4());
            tcp_.bind({here, udp_.local_endpoint().port()}, taken);
        } while (taken == boost::asio::error::address_in_use);
        tcp_.listen();
        receive();
        accept();
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(udp_.local_endpoint().port()); }

    std::map<std::string, Record> records;  // a name that is not here is NXDOMAIN
    std::vector<std::string> asked;         // names in the order of the questions, by UDP and TCP
    unsigned by_tcp = 0;

  private:
    using Bytes = std::string;
    static void put16(Bytes& out, unsigned value) {
        out += static_cast<char>(value >> 8);
        out += static_cast<char>(value & 255);
    }
    static void put32(Bytes& out, std::uint32_t value) {
        put16(out, value >> 16);
        put16(out, value & 0xffff);
    }
    static Bytes encoded(const std::string& name) {
        Bytes out;
        for (std::size_t at = 0; at <= name.size();) {
            const auto dot = std::min(name.find('.', at), name.size());
            out += static_cast<char>(dot - at);
            out += name.substr(at, dot - at);
            at = dot + 1;
        }
        return out + '\0';
    }

    // Empty: silence.
    Bytes answer(const Bytes& question, bool by_udp) {
        std::string name;
        std::size_t at = 12;
        while (question.at(at) != 0) {
            const auto size = static_cast<unsigned char>(question[at]);
            name += (name.empty() ? "" : ".") + question.substr(at + 1, size);
            at += 1U + size;
        }
        const unsigned type = static_cast<unsigned char>(question.at(at + 2));
        const Bytes asked_for = question.substr(12, at + 5 - 12);
        asked.push_back(name);
        const auto found = records.find(name);
        const Record record = found == records.end() ? Record{{}, 0, {}, 0, 3, false, false} : found->second;
        if (record.silent) return {};
        Bytes body;
        unsigned count = 0;
        const bool cut = by_udp && record.cut_short;
        Bytes owner("\xc0\x0c", 2);
        if (!record.alias_of.empty() && !cut) {
            const auto target = encoded(record.alias_of);
            body += owner;
            put16(body, 5), put16(body, 1), put32(body, record.alias_ttl),
                put16(body, static_cast<unsigned>(target.size()));
            body += target;
            owner = target;
            ++count;
        }
        for (const auto& text : record.addresses) {
            const auto ip = boost::asio::ip::make_address(text);
            if (cut || ip.is_v6() != (type == 28)) continue;
            body += owner;
            put16(body, type), put16(body, 1), put32(body, record.ttl);
            if (ip.is_v4()) {
                const auto bytes = ip.to_v4().to_bytes();
                put16(body, bytes.size());
                body.append(bytes.begin(), bytes.end());
            } else {
                const auto bytes = ip.to_v6().to_bytes();
                put16(body, bytes.size());
                body.append(bytes.begin(), bytes.end());
            }
            ++count;
        }
        Bytes out = question.substr(0, 2);
        put16(out, 0x8180U | record.code | (cut ? 0x0200U : 0U));
        put16(out, 1), put16(out, count), put16(out, 0), put16(out, 0);
        return out + asked_for + body;
    }

    void receive() {
        udp_.async_receive_from(boost::asio::buffer(buffer_), from_,
                                [this](boost::system::error_code ec, std::size_t size) {
                                    if (ec) return;
                                    const auto reply = answer(std::string(buffer_, size), true);
                                    if (!reply.empty()) udp_.send_to(boost::asio::buffer(reply), from_);
                                    receive();
                                });
    }
    void accept() {
        tcp_.async_accept([this](boost::system::error_code ec, boost::asio::ip::tcp::socket socket) {
            if (ec) return;
            auto kept = std::make_shared<boost::asio::ip::tcp::socket>(std::move(socket));
            auto bytes = std::make_shared<std::string>(2, '\0');
            boost::asio::async_read(*kept, boost::asio::buffer(*bytes), [this, kept, bytes](auto failed, auto) {
                if (failed) return;
                const auto size = static_cast<std::size_t>(static_cast<unsigned char>((*bytes)[0]) << 8 |
                                                           static_cast<unsigned char>((*bytes)[1]));
                bytes->resize(size);
                boost::asio::async_read(*kept, boost::asio::buffer(*bytes), [this, kept, bytes](auto broken, auto) {
                    if (broken) return;
                    ++by_tcp;
                    const auto reply = answer(*bytes, false);
                    bytes->clear();
                    put16(*bytes, static_cast<unsigned>(reply.size()));
                    *bytes += reply;
                    boost::asio::async_write(*kept, boost::asio::buffer(*bytes), [kept, bytes](auto, auto) {});
                });
            });
            accept();
        });
    }

    boost::asio::ip::udp::socket udp_;
    boost::asio::ip::tcp::acceptor tcp_;
    boost::asio::ip::udp::endpoint from_;
    char buffer_[2048];
};
