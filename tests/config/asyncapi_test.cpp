#include "config/asyncapi.hpp"

#include <gmock/gmock.h>

namespace wsinetd::config::asyncapi_test {
namespace {

using testing::HasSubstr;
using testing::Not;

Config serving(Endpoint endpoint) {
    Config config;
    config.endpoints.push_back(std::move(endpoint));
    return config;
}

Endpoint at(std::string path) {
    Endpoint endpoint;
    endpoint.path = std::move(path);
    endpoint.command = {"cat"};
    return endpoint;
}

std::string document_of(const Endpoint& endpoint) { return asyncapi(serving(endpoint), "1.0"); }

TEST(AsyncApi, TellsServersChannelsAndOperations) {
    Config config = serving(at("/count"));
    config.addresses = {"127.0.0.1"};
    EXPECT_EQ(asyncapi(config, "1.2.3"), R"({
  "asyncapi": "3.0.0",
  "info": {
    "title": "wsinetd",
    "version": "1.2.3",
    "description": "Commands behind WebSockets (RFC 6455)."
  },
  "servers": {
    "tcp1": {
      "host": "127.0.0.1:8080",
      "protocol": "ws"
    }
  },
  "channels": {
    "count": {
      "address": "/count",
      "description": "A command for each connection. It is closed with 1000 when the command exits with 0, with 4000 and the status when it exits with another.",
      "messages": {
        "input": {
          "title": "To the command's stdin",
          "contentType": "text/plain",
          "payload": {
            "type": "string"
          }
        },
        "output": {
          "title": "From the command's stdout",
          "contentType": "text/plain",
          "payload": {
            "type": "string"
          }
        }
      },
      "bindings": {
        "ws": {
          "method": "GET",
          "bindingVersion": "0.1.0"
        }
      }
    }
  },
  "operations": {
    "count_receive": {
      "action": "receive",
      "channel": {
        "$ref": "#/channels/count"
      },
      "description": "At most 1048576 bytes; a longer one closes with 1009.",
      "messages": [{
        "$ref": "#/channels/count/messages/input"
      }]
    },
    "count_send": {
      "action": "send",
      "channel": {
        "$ref": "#/channels/count"
      },
      "messages": [{
        "$ref": "#/channels/count/messages/output"
      }]
    }
  }
}
)");
}

TEST(AsyncApi, NamesEveryListener) {
    Config config = serving(at("/a"));
    config.addresses = {"192.0.2.1", "::1"};
    config.port = 443;
    config.tls_certificates = {"c"};
    config.tls_keys = {"k"};
    config.unix_socket = "/run/a.sock";
    const std::string text = asyncapi(config, "1");
    EXPECT_THAT(text, HasSubstr(R"("host": "192.0.2.1:443")"));
    EXPECT_THAT(text, HasSubstr(R"("host": "[::1]:443")"));
    EXPECT_THAT(text, HasSubstr(R"("protocol": "wss")"));
    EXPECT_THAT(text, HasSubstr(R"("description": "the unix socket /run/a.sock")"));
}

TEST(AsyncApi, NamesNoPortThatIsNotKnownYet) {
    Config config = serving(at("/a"));
    config.addresses = {"127.0.0.1"};
    config.port = 0;
    EXPECT_THAT(asyncapi(config, "1"), HasSubstr(R"("host": "127.0.0.1",)"));
}

TEST(AsyncApi, HasAParameterForWhatIsBelowAPath) {
    const std::string text = document_of(at("/logs/*"));
    EXPECT_THAT(text, HasSubstr(R"("address": "/logs/{path}")"));
    EXPECT_THAT(text, HasSubstr(R"("parameters": {)"));
    EXPECT_THAT(document_of(at("")), HasSubstr(R"("address": "/{path}")"));
    EXPECT_THAT(document_of(at("/*")), HasSubstr(R"("address": "/{path}")"));
    EXPECT_THAT(document_of(at("/logs/")), Not(HasSubstr("parameters")));
    EXPECT_THAT(document_of(at("/a{b}")), HasSubstr(R"("address": "/a%7Bb%7D")"));
}

TEST(AsyncApi, NamesEachChannelOnce) {
    Config config;
    for (const auto* path : {"/a/b", "/a_b", "/a/b/*", "/\xc3\xa9", "/", ""}) config.endpoints.push_back(at(path));
    const std::string text = asyncapi(config, "1");
    for (const auto* name : {"a_b", "a_b2", "a_b3", "any", "root", "any2"})
        EXPECT_THAT(text, HasSubstr("\n    \"" + std::string(name) + "\": {\n      \"address\"")) << name;
}

TEST(AsyncApi, TellsWhatMessagesAre) {
    Endpoint endpoint = at("/a");
    endpoint.framing = framing::Kind::raw;
    EXPECT_THAT(document_of(endpoint), HasSubstr(R"("contentType": "application/octet-stream")"));
    endpoint.framing = framing::Kind::jsonl;
    EXPECT_THAT(document_of(endpoint), HasSubstr(R"("contentType": "application/json")"));
    endpoint.framing = framing::Kind::lines;
    endpoint.stderr_mode = StderrMode::tagged;
    EXPECT_THAT(document_of(endpoint), HasSubstr(R"("enum": ["stdout", "stderr"])"));
}

TEST(AsyncApi, TellsSubprotocolsLimitsAndTheEndOfInput) {
    Endpoint endpoint = at("/a");
    endpoint.subprotocols = {"chat", "chat2"};
    endpoint.max_message_size = 0;
    endpoint.eof_message = "the \"end\"";
    const std::string text = document_of(endpoint);
    EXPECT_THAT(text, HasSubstr(R"("enum": ["chat", "chat2"])"));
    EXPECT_THAT(text, HasSubstr(R"("description": "The message the \"end\" ends the input.")"));
    endpoint.subprotocols = {"*"};
    EXPECT_THAT(document_of(endpoint), Not(HasSubstr("enum")));
}

TEST(AsyncApi, TellsHowClientsAuthenticate) {
    Endpoint endpoint = at("/a");
    endpoint.authentication.password_file = "users";
    endpoint.authentication.token_file = "tokens";
    const std::string text = document_of(endpoint);
    EXPECT_THAT(text, HasSubstr(R"("$ref": "#/components/securitySchemes/basic")"));
    EXPECT_THAT(text, HasSubstr(R"("scheme": "bearer")"));
    EXPECT_THAT(text, Not(HasSubstr("users")));
}

}  // namespace
}  // namespace wsinetd::config::asyncapi_test
