{{/*
Ends with a sentence where values contradict each other or cannot work. What a single value has to look like says
values.schema.json. One definition per subject; each prints nothing.
*/}}
{{- define "kenjo-bridge.refusals" -}}
{{- include "kenjo-bridge.refuseConfig" . -}}
{{- include "kenjo-bridge.refuseSecrets" . -}}
{{- include "kenjo-bridge.refuseVariables" . -}}
{{- include "kenjo-bridge.refuseRedis" . -}}
{{- include "kenjo-bridge.refuseMode" . -}}
{{- include "kenjo-bridge.refuseAutoscaling" . -}}
{{- include "kenjo-bridge.refuseNetwork" . -}}
{{- include "kenjo-bridge.refuseIngress" . -}}
{{- if and .Values.ca.configMap .Values.ca.secret -}}
{{- fail "ca.configMap and ca.secret are both set: choose the one that has the bundle" -}}
{{- end -}}
{{- end -}}

{{/* The configuration as a structure, empty where a ConfigMap of the user's holds it. */}}
{{- define "kenjo-bridge.parsedConfig" -}}
{{- fromYaml .Values.config | toJson -}}
{{- end -}}

{{- define "kenjo-bridge.refuseConfig" -}}
{{- if and .Values.config .Values.existingConfigMap -}}
{{- fail "config and existingConfigMap are both set: the configuration stands in one of them" -}}
{{- end -}}
{{- if not (or .Values.config .Values.existingConfigMap) -}}
{{- fail "there is no configuration: give your bridge.yaml with --set-file config=bridge.yaml, or name a ConfigMap that has it in existingConfigMap" -}}
{{- end -}}
{{- $config := include "kenjo-bridge.parsedConfig" . | fromJson -}}
{{- if hasKey $config "Error" -}}
{{- fail (printf "config is not the text of a bridge.yaml: %s" $config.Error) -}}
{{- end -}}
{{- $found := list -}}
{{- range $place := list "kenjo.api_key" "encryption.key" "encryption.old_keys" "redis.url" "redis.sentinel_password" "web.oidc.client_secret" "notices.to" -}}
{{- $value := $config -}}
{{- range $part := splitList "." $place -}}
{{- $value = ternary (get (default dict $value) $part) nil (kindIs "map" $value) -}}
{{- end -}}
{{- if $value -}}{{- $found = append $found $place -}}{{- end -}}
{{- end -}}
{{- if kindIs "map" $config.targets -}}
{{- range $target, $settings := $config.targets -}}
{{- if kindIs "map" $settings -}}
{{- range $name := list "client_secret" "credentials_json" "headers" "old_secrets" "passphrase" "password" "private_key" "secret" "secrets" "token" "url" -}}
{{- if get $settings $name -}}{{- $found = append $found (printf "targets.%s.%s" $target $name) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $found -}}
{{- fail (printf "%s would stand in a ConfigMap, which many may read: take it out of config, and make it the key %s of the Secret that secrets.existing names, or of secrets.values" (first .) (first . | replace "-" "_" | replace "." "__")) -}}
{{- end -}}
{{- end -}}

{{- define "kenjo-bridge.refuseSecrets" -}}
{{- if and .Values.secrets.existing .Values.secrets.values -}}
{{- fail "secrets.existing and secrets.values are both set: name a Secret of yours, or give the values" -}}
{{- end -}}
{{- if not (or .Values.secrets.existing .Values.secrets.values) -}}
{{- fail "there are no secrets: name a Secret with the key kenjo__api_key in secrets.existing (kubectl create secret generic ... --from-file=secrets), or give secrets.values" -}}
{{- end -}}
{{- range $name, $_ := .Values.secrets.values -}}
{{- if not (regexMatch "^[a-z0-9_-]+__[a-z0-9_-]+$" $name) -}}
{{- fail (printf "secrets.values.%s is not called like a setting: it has to be its path in lower case, joined by two underscores, such as kenjo__api_key" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kenjo-bridge.refuseVariables" -}}
{{- range .Values.pods.env -}}
{{- if has .name (list "KENJO_BRIDGE_CONFIG" "KENJO_BRIDGE_SECRETS_DIR" "KENJO_BRIDGE_WEB__HOST" "KENJO_BRIDGE_WEB__PORT") -}}
{{- fail (printf "%s cannot be set in pods.env: mounts, probes and Services of the chart rely on its value" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kenjo-bridge.refuseRedis" -}}
{{- $config := include "kenjo-bridge.parsedConfig" . | fromJson -}}
{{- $kenjo := ternary $config.kenjo dict (kindIs "map" $config.kenjo) -}}
{{- $variables := dict -}}
{{- range .Values.pods.env -}}{{- $_ := set $variables .name (default "" .value) -}}{{- end -}}
{{- $redis := or (hasKey $variables "KENJO_BRIDGE_REDIS__URL") (hasKey .Values.secrets.values "redis__url") -}}
{{- if .Values.trialRedis.enabled -}}
{{- if $redis -}}
{{- fail "trialRedis.enabled and a redis__url of your own are both given: choose one Redis" -}}
{{- end -}}
{{- $environments := list $kenjo.environment .Values.secrets.values.kenjo__environment $variables.KENJO_BRIDGE_KENJO__ENVIRONMENT -}}
{{- if has "production" $environments -}}
{{- fail "trialRedis forgets everything when its pod ends, so it cannot be used with kenjo.environment: production: give the address of a Redis that keeps its data as redis__url" -}}
{{- end -}}
{{- range list $kenjo.base_url .Values.secrets.values.kenjo__base_url $variables.KENJO_BRIDGE_KENJO__BASE_URL -}}
{{- if contains "//api.kenjo.io" (toString .) -}}
{{- fail "trialRedis cannot be used with kenjo.base_url of Kenjo's production: give the address of a Redis that keeps its data as redis__url" -}}
{{- end -}}
{{- end -}}
{{- else if and (not $redis) .Values.secrets.values .Values.config (not $config.redis) -}}
{{- fail "there is no Redis: give its address as secrets.values.redis__url, or set trialRedis.enabled for trying out" -}}
{{- end -}}
{{- end -}}

{{- define "kenjo-bridge.refuseMode" -}}
{{- if not (regexMatch "^(@[a-z]+|(\\S+\\s+){4}\\S+)$" .Values.sync.schedule) -}}
{{- fail (printf "sync.schedule: %s is no schedule: it has five fields as in cron, such as */15 * * * *" .Values.sync.schedule) -}}
{{- end -}}
{{- if ne .Values.mode "always-on" -}}
{{- if ne .Values.autoscaling.kind "none" -}}
{{- fail (printf "autoscaling.kind: %s needs mode: always-on: there are no workers with mode: %s" .Values.autoscaling.kind .Values.mode) -}}
{{- end -}}
{{- if has .Values.monitoring.kind (list "podMonitor" "serviceMonitor") -}}
{{- fail (printf "monitoring.kind: %s needs mode: always-on: a sync of mode: %s has no metrics page; watch for failed Jobs instead" .Values.monitoring.kind .Values.mode) -}}
{{- end -}}
{{- if .Values.ingress.host -}}
{{- fail (printf "ingress.host needs mode: always-on: there are no pages with mode: %s" .Values.mode) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kenjo-bridge.refuseAutoscaling" -}}
{{- with .Values.autoscaling -}}
{{- if ne .kind "none" -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "autoscaling.minReplicas (%d) is more than autoscaling.maxReplicas (%d)" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if gt (int $.Values.workers.replicas) 1 -}}
{{- fail "workers.replicas and autoscaling.kind both say how many workers there are: leave workers.replicas at 1, and set autoscaling.minReplicas" -}}
{{- end -}}
{{- if and (eq .kind "keda") (not .prometheus) -}}
{{- fail "autoscaling.kind: keda asks Prometheus: give its address in autoscaling.prometheus" -}}
{{- end -}}
{{- if eq $.Values.monitoring.kind "none" -}}
{{- fail "autoscaling needs the metric of what is pending, and monitoring.kind: none lets nobody read it" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kenjo-bridge.refuseNetwork" -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.from) -}}
{{- if .Values.ingress.host -}}
{{- fail "networkPolicy lets nobody in, so ingress.host could not be served: name the ingress controller in networkPolicy.from" -}}
{{- end -}}
{{- if or (has .Values.monitoring.kind (list "podMonitor" "serviceMonitor")) (ne .Values.autoscaling.kind "none") -}}
{{- fail "networkPolicy lets nobody in, so Prometheus could not read the metrics: name it in networkPolicy.from" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kenjo-bridge.refuseIngress" -}}
{{- $config := include "kenjo-bridge.parsedConfig" . | fromJson -}}
{{- $web := ternary $config.web dict (kindIs "map" $config.web) -}}
{{- $elsewhere := not .Values.config -}}
{{- range .Values.pods.env -}}{{- if eq .name "KENJO_BRIDGE_WEB__HOSTS" -}}{{- $elsewhere = true -}}{{- end -}}{{- end -}}
{{- with .Values.ingress.host -}}
{{- if not (or $elsewhere (has . (default list $web.hosts))) -}}
{{- fail (printf "ingress.host: %s is not in web.hosts of the configuration, so each request would be refused: add web: {hosts: [%s]}" . .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
