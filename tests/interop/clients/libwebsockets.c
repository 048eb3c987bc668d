/* libwebsockets, driven as remote.js says, but for JSON, which it has no writer of: every line is base64 after one
   letter. t, b: a message, either way. c: a close, whose bytes are its code (big endian) and reason. o: open. */
#include <libwebsockets.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char* line; /* the order that waits for the socket to be writable */
static size_t line_size;
static unsigned char* message; /* what has come of a message */
static size_t message_length;
static int done, open_now;
static volatile int ordered;
static sem_t obeyed;
static struct lws_context* context;
static struct lws* socket_now;

static void tell(char what, const void* bytes, size_t length) {
    char* encoded = malloc(length * 4 / 3 + 8);
    encoded[0] = 0;
    if (length > 0) lws_b64_encode_string(bytes, (int)length, encoded, (int)(length * 4 / 3 + 8));
    printf("%c%s\n", what, encoded);
    fflush(stdout);
    free(encoded);
}

static int obey(struct lws* socket) {
    size_t length = strlen(line);
    unsigned char* bytes = malloc(LWS_PRE + length + 8);
    int count = lws_b64_decode_string(line + 1, (char*)bytes + LWS_PRE, (int)length + 8);
    int result = 0;
    if (count < 0) count = 0;
    if (*line == 'c') {
        lws_close_reason(socket, (enum lws_close_status)(bytes[LWS_PRE] << 8 | bytes[LWS_PRE + 1]), bytes + LWS_PRE + 2,
                         (size_t)count - 2);
        tell('c', bytes + LWS_PRE, (size_t)count); /* it does not show the answer to a close of its own */
        result = -1;
    } else {
        lws_write(socket, bytes + LWS_PRE, (size_t)count, *line == 't' ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
    }
    ordered = 0;
    sem_post(&obeyed);
    free(bytes);
    return result;
}

/* lws_cancel_service is all of the library that another thread may use. */
static void* read_orders(void* unused) {
    while (sem_wait(&obeyed) == 0 && getline(&line, &line_size, stdin) > 0) {
        line[strcspn(line, "\n")] = 0;
        ordered = 1;
        lws_cancel_service(context);
    }
    return unused;
}

static int happened(struct lws* socket, enum lws_callback_reasons reason, void* user, void* in, size_t length) {
    (void)user;
    switch (reason) {
        case LWS_CALLBACK_CLIENT_ESTABLISHED:
            open_now = 1;
            tell('o', "", 0);
            sem_post(&obeyed);
            break;
        case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
            if (open_now && ordered) lws_callback_on_writable(socket_now);
            break;
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
            fprintf(stderr, "%s\n", in ? (const char*)in : "no connection");
            exit(1);
        case LWS_CALLBACK_CLIENT_RECEIVE:
            message = realloc(message, message_length + length + 1);
            if (length > 0) memcpy(message + message_length, in, length);
            message_length += length;
            if (lws_is_final_fragment(socket) && lws_remaining_packet_payload(socket) == 0) {
                tell(lws_frame_is_binary(socket) ? 'b' : 't', message, message_length);
                message_length = 0;
            }
            break;
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: tell('c', in, length); break;
        case LWS_CALLBACK_CLIENT_CLOSED: done = 1; break;
        case LWS_CALLBACK_CLIENT_WRITEABLE: return ordered ? obey(socket) : 0;
        default: break;
    }
    return 0;
}

int main(int argc, char** argv) {
    static const struct lws_protocols protocols[] = {{"any", happened, 0, 65536, 0, NULL, 0},
                                                     {NULL, NULL, 0, 0, 0, NULL, 0}};
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate; client_max_window_bits"},
        {NULL, NULL, NULL}};
    struct lws_context_creation_info creation = {0};
    struct lws_client_connect_info wanted = {0};
    pthread_t reader;
    const char *scheme, *path;
    char host[300];
    int port;

    if (argc != 2 || lws_parse_uri(argv[1], &scheme, &wanted.address, &port, &path)) return 2;
    lws_set_log_level(LLL_ERR, NULL);
    creation.port = CONTEXT_PORT_NO_LISTEN;
    creation.protocols = protocols;
    creation.extensions = extensions;
    creation.gid = creation.uid = (gid_t)-1;
    context = lws_create_context(&creation);
    snprintf(host, sizeof host, "%s:%d", wanted.address, port);
    wanted.context = context;
    wanted.port = port;
    wanted.path = "/";
    wanted.host = host;
    wanted.local_protocol_name = "any";
    wanted.pwsi = &socket_now;
    sem_init(&obeyed, 0, 0);
    pthread_create(&reader, NULL, read_orders, NULL);
    lws_client_connect_via_info(&wanted);
    while (!done && lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    return 0;
}
