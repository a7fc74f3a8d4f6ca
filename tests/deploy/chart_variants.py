"""Values for the Helm chart: together they use every template and every branch of it."""

from typing import Any

PROMETHEUS = {"podSelector": {"matchLabels": {"app": "prometheus"}}}
VARIANTS: dict[str, dict[str, Any]] = {
    "always-on": {},
    "scheduled": {"mode": "scheduled", "sync": {"timeZone": "Europe/Berlin", "options": ["--verify"]}},
    "once": {"mode": "once"},
    "secrets given": {
        "secrets": {"values": {"kenjo__api_key": "made-up", "redis__url": "redis://elsewhere"}}
    },
    "own ConfigMap": {"config": "", "existingConfigMap": "mine"},
    "several": {"service": {"replicas": 2}, "workers": {"replicas": 3}},
    "podMonitor": {"monitoring": {"kind": "podMonitor", "labels": {"release": "prometheus"}}},
    "serviceMonitor": {"monitoring": {"kind": "serviceMonitor"}},
    "keda": {"autoscaling": {"kind": "keda", "minReplicas": 2, "prometheus": "http://prometheus:9090"}},
    "hpa": {"autoscaling": {"kind": "hpa", "maxReplicas": 4}},
    "network": {
        "pods": {"env": [{"name": "KENJO_BRIDGE_WEB__HOSTS", "value": '["bridge.example.com"]'}]},
        "networkPolicy": {
            "enabled": True,
            "from": [PROMETHEUS],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 636}]}],
        },
        "ingress": {
            "host": "bridge.example.com",
            "className": "nginx",
            "tlsSecret": "tls",
            "annotations": {"a": "b"},
        },
    },
    "OpenShift": {"pods": {"anyUserId": True}},
    "own CA": {"ca": {"secret": "company-ca", "key": "bundle.pem"}},
    "own CA in a ConfigMap": {"ca": {"configMap": "company-ca"}},
    "trial Redis": {"trialRedis": {"enabled": True}, "networkPolicy": {"enabled": True}},
    "trial Redis, once, OpenShift": {
        "mode": "once",
        "trialRedis": {"enabled": True},
        "pods": {"anyUserId": True},
    },
    "everything about pods": {
        "pods": {
            "env": [{"name": "KENJO_BRIDGE_LOG__LEVEL", "value": "debug"}],
            "extraVolumes": [{"name": "out", "persistentVolumeClaim": {"claimName": "payroll"}}],
            "extraVolumeMounts": [{"name": "out", "mountPath": "/var/lib/payroll"}],
            "labels": {"team": "it"},
            "annotations": {"note": "ours"},
            "topologySpread": [
                {
                    "topologyKey": "topology.kubernetes.io/zone",
                    "maxSkew": 1,
                    "whenUnsatisfiable": "ScheduleAnyway",
                },
                {"topologyKey": "kubernetes.io/hostname", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"},
            ],
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": [{"key": "spot", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {}},
            "priorityClassName": "high",
        },
        "image": {
            "repository": "registry.example.com/kenjo-bridge",
            "digest": "sha256:" + "0" * 64,
            "pullPolicy": "Always",
            "pullSecrets": [{"name": "registry"}],
        },
        "serviceAccount": {"create": False, "name": "own"},
        "fullnameOverride": "hr-sync",
    },
}
"""On top of what has to be given (`chart.OURS`), by name."""
