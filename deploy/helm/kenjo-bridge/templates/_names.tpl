{{/* The first part of every name. A CronJob's has at most 52 characters, "-sync" included. */}}
{{- define "kenjo-bridge.fullname" -}}
{{- $name := .Release.Name -}}
{{- if not (contains .Chart.Name $name) -}}
{{- $name = printf "%s-%s" $name .Chart.Name -}}
{{- end -}}
{{- default $name .Values.fullnameOverride | trunc 47 | trimSuffix "-" -}}
{{- end -}}

{{- define "kenjo-bridge.configMap" -}}
{{- default (printf "%s-config" (include "kenjo-bridge.fullname" .)) .Values.existingConfigMap -}}
{{- end -}}

{{- define "kenjo-bridge.secret" -}}
{{- default (printf "%s-secrets" (include "kenjo-bridge.fullname" .)) .Values.secrets.existing -}}
{{- end -}}

{{- define "kenjo-bridge.serviceAccount" -}}
{{- $made := ternary (include "kenjo-bridge.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end -}}

{{- define "kenjo-bridge.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* What finds the pods of this release, and no others. */}}
{{- define "kenjo-bridge.selector" -}}
app.kubernetes.io/name: kenjo-bridge
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The labels of everything: (dict "root" $ "component" "service"); without a component for what belongs to all. */}}
{{- define "kenjo-bridge.labels" -}}
{{ include "kenjo-bridge.selector" .root }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The one HTTP port of the service and of the workers, as the image sets it. */}}
{{- define "kenjo-bridge.port" -}}8080{{- end -}}
