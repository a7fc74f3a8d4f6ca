{{/* Annotations that change when what a running pod has read changes, so that it is replaced. */}}
{{- define "kenjo-bridge.checksums" -}}
{{- $config := .Values.config -}}
{{- with .Values.existingConfigMap -}}
{{- $config = (lookup "v1" "ConfigMap" $.Release.Namespace .).data | toJson -}}
{{- end -}}
{{- $secrets := .Values.secrets.values -}}
{{- with .Values.secrets.existing -}}
{{- $secrets = (lookup "v1" "Secret" $.Release.Namespace .).data -}}
{{- end -}}
checksum/config: {{ sha256sum $config }}
checksum/secrets: {{ printf "%s %s" (toJson $secrets) .Values.secrets.revision | sha256sum }}
{{- end -}}

{{/* The pod of one role: (dict "root" $ "component" "workers" "args" (list "work") "resources" ... "http" true). */}}
{{- define "kenjo-bridge.pod" -}}
{{- $root := .root -}}
{{- $component := .component -}}
{{- $pods := .root.Values.pods -}}
{{- if not .http }}
restartPolicy: Never
{{- end }}
serviceAccountName: {{ include "kenjo-bridge.serviceAccount" .root }}
automountServiceAccountToken: false
# The variables of a Service that is called kenjo-bridge would be read as settings.
enableServiceLinks: false
terminationGracePeriodSeconds: 40  # the bridge takes up to 25 s to finish or hand back its work
securityContext:
  runAsNonRoot: true
  {{- if not $pods.anyUserId }}
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001  # may read the secrets below; nobody else may
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pods.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pods.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pods.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $pods.topologySpread }}
topologySpreadConstraints:
  {{- range $pods.topologySpread }}
  - {{- toYaml . | nindent 4 }}
    labelSelector:
      matchLabels:
        {{- include "kenjo-bridge.selector" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $component }}
  {{- end }}
{{- end }}
containers:
  - name: kenjo-bridge
    {{- include "kenjo-bridge.container" . | nindent 4 }}
volumes:
  - name: config
    configMap:
      name: {{ include "kenjo-bridge.configMap" .root }}
  - name: secrets
    secret:
      secretName: {{ include "kenjo-bridge.secret" .root }}
      defaultMode: 0440
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- with .root.Values.ca }}
  {{- if .configMap }}
  - name: ca
    configMap:
      name: {{ .configMap }}
  {{- else if .secret }}
  - name: ca
    secret:
      secretName: {{ .secret }}
      defaultMode: 0440
  {{- end }}
  {{- end }}
  {{- with $pods.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Its container, with the same parameters. */}}
{{- define "kenjo-bridge.container" -}}
{{- $pods := .root.Values.pods -}}
{{- $ca := or .root.Values.ca.configMap .root.Values.ca.secret -}}
image: {{ include "kenjo-bridge.image" .root }}
{{- with .root.Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
args: {{- toYaml .args | nindent 2 }}
env:
  - name: KENJO_BRIDGE_CONFIG
    value: /etc/kenjo-bridge/bridge.yaml
  - name: KENJO_BRIDGE_SECRETS_DIR
    value: /run/secrets/kenjo-bridge
  {{- if $ca }}
  - name: SSL_CERT_FILE
    value: /etc/kenjo-bridge-ca/{{ .root.Values.ca.key }}
  {{- end }}
  {{- if .root.Values.trialRedis.enabled }}
  - name: KENJO_BRIDGE_REDIS__URL
    value: redis://{{ include "kenjo-bridge.fullname" .root }}-redis:6379/0
  # A Redis that forgets is for the sandbox, whatever a Secret or a ConfigMap says that Helm does not see.
  - name: KENJO_BRIDGE_KENJO__ENVIRONMENT
    value: sandbox
  {{- end }}
  {{- with $pods.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- if .http }}
ports:
  - name: http
    containerPort: {{ include "kenjo-bridge.port" .root }}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}
{{- with .resources }}
resources: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: config
    mountPath: /etc/kenjo-bridge
    readOnly: true
  - name: secrets
    mountPath: /run/secrets/kenjo-bridge
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- if $ca }}
  - name: ca
    mountPath: /etc/kenjo-bridge-ca
    readOnly: true
  {{- end }}
  {{- with $pods.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The Deployment of a role, with the same parameters and "replicas" (none: an autoscaler decides). */}}
{{- define "kenjo-bridge.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "kenjo-bridge.fullname" .root }}-{{ .component }}
  labels: {{- include "kenjo-bridge.labels" . | nindent 4 }}
spec:
  {{- with .replicas }}
  replicas: {{ . }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "kenjo-bridge.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        {{- include "kenjo-bridge.podLabels" . | nindent 8 }}
      annotations:
        {{- include "kenjo-bridge.checksums" .root | nindent 8 }}
        {{- if eq .root.Values.monitoring.kind "annotations" }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ include "kenjo-bridge.port" .root | quote }}
        prometheus.io/path: /metrics
        {{- end }}
        {{- with .root.Values.pods.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec: {{- include "kenjo-bridge.pod" . | nindent 6 }}
{{- end -}}

{{- define "kenjo-bridge.podLabels" -}}
{{ include "kenjo-bridge.selector" .root }}
app.kubernetes.io/component: {{ .component }}
{{- with .root.Values.pods.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
