// The port of the program: bound and listening from the constructor on, so that a taken one is found before anything
// else is touched.
//
// Errors: the constructor throws std::runtime_error that names address, port and reason.
#pragma once

#include <string>

namespace forum {

class ListeningSocket {
  public:
    // `port` 0: any free one.
    ListeningSocket(const std::string& address, int port);
    ~ListeningSocket();
    ListeningSocket(const ListeningSocket&) = delete;
    ListeningSocket& operator=(const ListeningSocket&) = delete;

    int descriptor() const { return descriptor_; }
    int port() const { return port_; }
    // No more connections are taken.
    void close();

  private:
    int descriptor_ = -1;
    int port_ = 0;
};

}  // namespace forum
