/* The four worked examples of the contract: what the API server says, and what
 * Meshery Server must get. */
#ifndef EXAMPLES_H
#define EXAMPLES_H

static const char pod[] =
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\""
    ":\"web-0\",\"generateName\":\"web-\",\"namespace\":\"shop\",\""
    "uid\":\"11111111-2222-3333-4444-555555555555\",\"resourceVersi"
    "on\":\"90211\",\"generation\":1,\"creationTimestamp\":\"2026-0"
    "3-01T10:00:00Z\",\"labels\":{\"tier\":\"front\",\"app\":\"web\""
    ",\"design.meshery.io/id\":\"7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d"
    "10\",\"empty\":\"\"},\"annotations\":{\"note\":\"a<b & \\\"q\\"
    "\"\"},\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\""
    ":\"ReplicaSet\",\"name\":\"web\",\"uid\":\"aaaa\",\"controller"
    "\":true,\"blockOwnerDeletion\":true}],\"finalizers\":[\"exampl"
    "e.com/hold\"],\"managedFields\":[{\"manager\":\"x\"}]},\"spec\""
    ":{\"nodeName\":\"n1\",\"priority\":0,\"containers\":[{\"name\""
    ":\"c\",\"image\":\"nginx:1.27\",\"args\":[\"-x\",\"<&>\"],\"re"
    "sources\":{}}]},\"status\":{\"podIP\":\"10.1.2.3\",\"phase\":\""
    "Running\"}}";

static const char service[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"na"
    "me\":\"grafana\",\"namespace\":\"mon\",\"uid\":\"22222222-2222"
    "-3333-4444-555555555555\",\"resourceVersion\":\"77\",\"creatio"
    "nTimestamp\":\"2026-03-01T10:00:00Z\"},\"spec\":{\"type\":\"Lo"
    "adBalancer\",\"clusterIP\":\"10.96.0.10\",\"clusterIPs\":[\"10"
    ".96.0.10\"],\"selector\":{\"app\":\"grafana\"},\"ports\":[{\"n"
    "ame\":\"http\",\"port\":3000,\"targetPort\":3000,\"nodePort\":"
    "30300,\"protocol\":\"TCP\"}]},\"status\":{\"loadBalancer\":{\""
    "ingress\":[{\"ip\":\"203.0.113.7\"}]}}}";

static const char secret[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"nam"
    "e\":\"db\",\"namespace\":\"shop\",\"uid\":\"33333333-2222-3333"
    "-4444-555555555555\",\"resourceVersion\":\"5\",\"creationTimes"
    "tamp\":\"2026-03-01T10:00:00Z\"},\"immutable\":true,\"type\":\""
    "Opaque\",\"data\":{\"user\":\"YWRtaW4=\",\"password\":\"cGFzcw"
    "==\"}}";

static const char widget[] =
    "{\"apiVersion\":\"demo.example.com/v1\",\"kind\":\"Widget\",\""
    "rules\":[{\"verbs\":[\"get\"]}],\"metadata\":{\"name\":\"w1\","
    "\"namespace\":\"shop\",\"uid\":\"44444444-2222-3333-4444-55555"
    "5555555\",\"resourceVersion\":\"812\",\"generation\":3,\"creat"
    "ionTimestamp\":\"2026-03-01T10:00:00Z\",\"deletionTimestamp\":"
    "\"2026-03-02T10:00:00Z\",\"deletionGracePeriodSeconds\":0},\"s"
    "pec\":{\"size\":2.50,\"big\":1e3,\"id\":\"spec-id\",\"z\":null"
    ",\"a\":[]}}";

static const char pod_message[] =
    "{\"ObjectType\":\"meshsync-data\",\"EventType\":\"ADDED\",\"Re"
    "quest\":null,\"Object\":{\"id\":\"\",\"apiVersion\":\"v1\",\"k"
    "ind\":\"Pod\",\"model\":\"\",\"metadata\":{\"id\":\"\",\"name\""
    ":\"web-0\",\"generateName\":\"web-\",\"namespace\":\"shop\",\""
    "uid\":\"11111111-2222-3333-4444-555555555555\",\"resourceVersi"
    "on\":\"90211\",\"generation\":1,\"creationTimestamp\":\"2026-0"
    "3-01T10:00:00Z\",\"labels\":[{\"id\":\"\",\"unique_id\":\"\",\""
    "kind\":\"label\",\"key\":\"app\",\"value\":\"web\"},{\"id\":\""
    "\",\"unique_id\":\"\",\"kind\":\"label\",\"key\":\"design.mesh"
    "ery.io/id\",\"value\":\"7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d10\""
    "},{\"id\":\"\",\"unique_id\":\"\",\"kind\":\"label\",\"key\":\""
    "empty\"},{\"id\":\"\",\"unique_id\":\"\",\"kind\":\"label\",\""
    "key\":\"tier\",\"value\":\"front\"}],\"annotations\":[{\"id\":"
    "\"\",\"unique_id\":\"\",\"kind\":\"annotation\",\"key\":\"note"
    "\",\"value\":\"a\\\\u003cb \\\\u0026 \\\\\\\"q\\\\\\\"\"}],\"o"
    "wnerReferences\":\"[{\\\"apiVersion\\\":\\\"apps/v1\\\",\\\"bl"
    "ockOwnerDeletion\\\":true,\\\"controller\\\":true,\\\"kind\\\""
    ":\\\"ReplicaSet\\\",\\\"name\\\":\\\"web\\\",\\\"uid\\\":\\\"a"
    "aaa\\\"}]\",\"finalizers\":\"[\\\"example.com/hold\\\"]\",\"cl"
    "uster_id\":\"\"},\"spec\":{\"id\":\"\",\"attribute\":\"{\\\"co"
    "ntainers\\\":[{\\\"args\\\":[\\\"-x\\\",\\\"\\\\u003c\\\\u0026"
    "\\\\u003e\\\"],\\\"image\\\":\\\"nginx:1.27\\\",\\\"name\\\":\\"
    "\"c\\\",\\\"resources\\\":{}}],\\\"nodeName\\\":\\\"n1\\\",\\\""
    "priority\\\":0}\"},\"status\":{\"id\":\"\",\"attribute\":\"{\\"
    "\"phase\\\":\\\"Running\\\",\\\"podIP\\\":\\\"10.1.2.3\\\"}\"}"
    ",\"cluster_id\":\"3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10\",\"pat"
    "tern_resource\":\"00000000-0000-0000-0000-000000000000\",\"com"
    "ponent_metadata\":null}}";

static const char service_message[] =
    "{\"ObjectType\":\"meshsync-data\",\"EventType\":\"ADDED\",\"Re"
    "quest\":null,\"Object\":{\"id\":\"\",\"apiVersion\":\"v1\",\"k"
    "ind\":\"Service\",\"model\":\"\",\"metadata\":{\"id\":\"\",\"n"
    "ame\":\"grafana\",\"namespace\":\"mon\",\"uid\":\"22222222-222"
    "2-3333-4444-555555555555\",\"resourceVersion\":\"77\",\"creati"
    "onTimestamp\":\"2026-03-01T10:00:00Z\",\"cluster_id\":\"\"},\""
    "spec\":{\"id\":\"\",\"attribute\":\"{\\\"clusterIP\\\":\\\"10."
    "96.0.10\\\",\\\"clusterIPs\\\":[\\\"10.96.0.10\\\"],\\\"ports\\"
    "\":[{\\\"name\\\":\\\"http\\\",\\\"nodePort\\\":30300,\\\"port"
    "\\\":3000,\\\"protocol\\\":\\\"TCP\\\",\\\"targetPort\\\":3000"
    "}],\\\"selector\\\":{\\\"app\\\":\\\"grafana\\\"},\\\"type\\\""
    ":\\\"LoadBalancer\\\"}\"},\"status\":{\"id\":\"\",\"attribute\""
    ":\"{\\\"loadBalancer\\\":{\\\"ingress\\\":[{\\\"ip\\\":\\\"203"
    ".0.113.7\\\"}]}}\"},\"cluster_id\":\"3f2a0a6e-5f0a-4c55-9a30-6"
    "d1c6c1b7d10\",\"pattern_resource\":null,\"component_metadata\""
    ":{\"capabilities\":{\"connection\":true,\"urls\":[\"http://203"
    ".0.113.7:3000\",\"http://10.96.0.10:3000\"]}}}}";

static const char secret_message[] =
    "{\"ObjectType\":\"meshsync-data\",\"EventType\":\"MODIFIED\",\""
    "Request\":null,\"Object\":{\"id\":\"\",\"apiVersion\":\"v1\",\""
    "kind\":\"Secret\",\"model\":\"\",\"metadata\":{\"id\":\"\",\"n"
    "ame\":\"db\",\"namespace\":\"shop\",\"uid\":\"33333333-2222-33"
    "33-4444-555555555555\",\"resourceVersion\":\"5\",\"creationTim"
    "estamp\":\"2026-03-01T10:00:00Z\",\"cluster_id\":\"\"},\"clust"
    "er_id\":\"3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10\",\"pattern_res"
    "ource\":null,\"component_metadata\":null,\"immutable\":\"true\""
    ",\"data\":\"{\\\"password\\\":\\\"cGFzcw==\\\",\\\"user\\\":\\"
    "\"YWRtaW4=\\\"}\",\"type\":\"Opaque\"}}";

static const char secret_hidden_message[] =
    "{\"ObjectType\":\"meshsync-data\",\"EventType\":\"MODIFIED\",\""
    "Request\":null,\"Object\":{\"id\":\"\",\"apiVersion\":\"v1\",\""
    "kind\":\"Secret\",\"model\":\"\",\"metadata\":{\"id\":\"\",\"n"
    "ame\":\"db\",\"namespace\":\"shop\",\"uid\":\"33333333-2222-33"
    "33-4444-555555555555\",\"resourceVersion\":\"5\",\"creationTim"
    "estamp\":\"2026-03-01T10:00:00Z\",\"cluster_id\":\"\"},\"clust"
    "er_id\":\"3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10\",\"pattern_res"
    "ource\":null,\"component_metadata\":null,\"immutable\":\"true\""
    ",\"data\":\"{\\\"password\\\":\\\"[REDACTED]\\\",\\\"user\\\":"
    "\\\"[REDACTED]\\\"}\",\"type\":\"Opaque\"}}";

static const char widget_message[] =
    "{\"ObjectType\":\"meshsync-data\",\"EventType\":\"DELETED\",\""
    "Request\":null,\"Object\":{\"id\":\"\",\"apiVersion\":\"demo.e"
    "xample.com/v1\",\"kind\":\"Widget\",\"model\":\"\",\"metadata\""
    ":{\"id\":\"\",\"name\":\"w1\",\"namespace\":\"shop\",\"uid\":\""
    "44444444-2222-3333-4444-555555555555\",\"resourceVersion\":\"8"
    "12\",\"generation\":3,\"creationTimestamp\":\"2026-03-01T10:00"
    ":00Z\",\"deletionTimestamp\":\"2026-03-02T10:00:00Z\",\"deleti"
    "onGracePeriodSeconds\":0,\"cluster_id\":\"\"},\"spec\":{\"id\""
    ":\"spec-id\",\"attribute\":\"{\\\"a\\\":[],\\\"big\\\":1000,\\"
    "\"id\\\":\\\"spec-id\\\",\\\"size\\\":2.5,\\\"z\\\":null}\"},\""
    "cluster_id\":\"3f2a0a6e-5f0a-4c55-9a30-6d1c6c1b7d10\",\"patter"
    "n_resource\":null,\"component_metadata\":null}}";

#endif
